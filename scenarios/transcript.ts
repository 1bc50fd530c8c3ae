// On every kernel the driver's accesses to the device registers are those of the transcript stored beside it.

import { readTranscript } from '../harness/driver/stored-transcript.js';
import { lastPhase, type Phase, transcriptOf, withoutLastCall } from '../harness/driver/transcript.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { hasOption } from '../harness/scenario/kernel-needs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk, isTimeRead } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';

const namesOf = (phases: readonly Phase[]): string[] => phases.map(({ name }) => name);

/** The phase in which the driver is unloaded. */
const removal = 'remove';

const options = {
  driver: 'installed',
  generation: '8.0',
  clock: 'frozen:2026-11-22T12:34:56.123456Z',
  scheduler: new VirtualScheduler(),
} as const;

scenario('transcript', options, async ({ check, vm, device, driver, trace, until, environment }) => {
  const phase = (name: string): number => {
    trace.sink({ kind: 'phase', name });
    return trace.mark;
  };
  await recordPowerRequests(vm.shell);

  let mark = phase('probe');
  if (driver.measuresByItself) {
    // It may do so before this process sees that it is up, and again before this process has asked for the
    // result of that.
    const stop = trace.follow((event) => {
      if (event.kind !== 'status' || !isDriverOk(event)) return;
      stop();
      phase('read');
    });
    await Promise.all([driver.load(driver.quiet), driver.nextMeasurement()]);
  } else {
    await driver.load(driver.quiet);
    await until('status', mark, isDriverOk);
    phase('read');
    await (driver.showsHostTime ? driver.hostTime() : driver.driftNs());
  }

  if (takesSyncRtc({ driver, device })) {
    mark = phase('SYNCRTC');
    check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    if (driver.description.syncRtc === 'registers') await until('bar-read', mark, isTimeRead);
  }

  mark = phase('REBOOT');
  check('driver-ok').equal('REBOOT', device.host.command('REBOOT'), 'sent');
  await until('ack', mark);
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);

  phase(removal);
  await driver.unload();
  phase(lastPhase);

  const stored = await readTranscript(driver.description.directory);
  driver.needs(stored !== undefined, 'a stored transcript (vmmci transcript --update writes it)');
  const seen = transcriptOf(trace.events);
  check('keeps-transcript').lines('phases', namesOf(seen), namesOf(stored ?? []));
  const callsOnceMore = await hasOption(environment, 'DEBUG_SHIRQ');
  for (const { name, accesses } of seen) {
    const known = stored?.find((phase) => phase.name === name)?.accesses ?? [];
    const own = callsOnceMore && name === removal ? withoutLastCall(accesses, known) : accesses;
    check('keeps-transcript').lines(`accesses in ${name}`, own, known);
  }
});
