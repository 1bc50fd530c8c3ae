// The driver is unbound while it is in the middle of a look at a device that takes its time: what it started ends with it.

import { HarnessError } from '../harness/base/errors.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';
import { registers } from '../harness/vmmci/registers.js';

/** How long the device takes to answer the first look after each probe. */
const slowMs = 300;

/** Looks that must have been under way when the driver was unbound. */
const wanted = 2;

/** Attempts to meet one; on a machine with nothing else to do, each attempt does. */
const maxRounds = 40;

const readCommand = {
  protocol: 'vfio-user',
  command: 'REGION_READ',
  region: 0,
  offset: registers.command.offset,
} as const;

/**
 * In hundredths of a second of the guest's uptime, which goes on while the device does not answer; a sleep would not end before it does. The
 * shell waits a little, each round another time, and then unbinds. An unbind that takes longer than `met` has waited for a look.
 */
const script = (driver: string): string => `
  cd /sys/bus/virtio/drivers/${driver}
  now() { read -r up rest </proc/uptime; now=\${up%.*}\${up#*.}; }
  met=0 round=0
  for device in virtio*; do
    while [ $met -lt ${wanted} ] && [ $round -lt ${maxRounds} ]; do
      round=$((round + 1))
      now; end=$((now + 3 + 4 * (round % 4)))
      while [ $now -lt $end ]; do now; done
      before=$now; echo $device >unbind; now
      if [ $((now - before)) -ge 10 ]; then met=$((met + 1)); fi
      echo $device >bind
    done
  done
  echo $met $round`;

const options = { cpus: 2, driver: 'installed' } as const;

scenario('slow-unload', options, async ({ check, vm, device, driver, trace }) => {
  const before = await holdings(vm.shell);
  // Of all reads of the command, only the first look: neither that of probe nor that of remove.
  const stop = trace.follow((event) => {
    if (event.kind === 'status' && isDriverOk(event))
      device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: { ...readCommand, times: 1 } }] });
  });
  await driver.load({ drift_interval_ms: '10' });
  let mark = trace.mark;
  const [met = 0, rounds = 0] = (
    await vm.shell.text(script(driver.description.virtioDriver), { timeoutMs: 60_000 })
  )
    .split(' ')
    .map(Number);
  check.equal('times that the driver came up', trace.since(mark, 'status').filter(isDriverOk).length, rounds);
  await driver.unload();
  stop();
  device.faults.clear();
  check.equal('status after it', device.vmmci.state().status, 0);

  // What was left running would run now. There is nothing to wait for but that nothing comes.
  mark = trace.mark;
  await vm.shell.text('usleep 200000');
  check.equal('accesses without a driver', trace.since(mark, 'bar-read').length, 0);
  check.equal('what the driver left behind', await leftovers(vm.shell, before), []);
  if (met < wanted)
    throw new HarnessError('SCENARIO_MISSED', {
      event: 'an unbind while a look was under way',
      seen: met,
      wanted,
      attempts: rounds,
    });
});
