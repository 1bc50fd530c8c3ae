// SYNCRTC sets the clock of a distribution in which no program keeps the time: chrony is off.

import { readTimedate } from '../../harness/guest/timedate.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';
import { syncAndCompare, syncFirst } from '../shared/sync-clock.js';

/** Forward, back, and to the limit of 31 bits. */
const instants = [
  '2031-05-06T07:08:09.500000Z',
  '2026-11-22T12:34:56.500000Z',
  '2038-01-19T03:14:07.500000Z',
];

const options = { guest: 'distro', scheduler: new VirtualScheduler() } as const;

// A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send another SYNCRTC.
scenario('distro-sync-rtc', options, async (scene) => {
  const { check, vm, driver } = scene;
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const { ntp } = await readTimedate(vm.shell);
  check('device').equal('chrony', ntp ? 'on' : 'off', 'off');
  await syncFirst(scene, { isQuiet: false });
  for (const instant of instants) await syncAndCompare(scene, instant, { isQuiet: false });
  const service = await vm.shell.run('systemctl is-active chrony');
  check('device').equal('chrony afterwards', service.stdout.toString().trim(), 'inactive');
});
