// The driver is unbound while it is in the middle of a look at a device that takes its time: what it started ends with it.

import { HarnessError } from '../harness/base/errors.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { hasDriverOk, isDriverOk, readsOf } from '../harness/scenario/traffic.js';

/** How long the device takes to answer the first look after each probe. */
const slowMs = 300;

/** Looks that must have been under way when the driver was unbound. */
const wanted = 2;

/** Attempts to meet one; on a machine with nothing else to do, each attempt does. */
const maxRounds = 40;

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
  const before = await holdings(vm.shell, vm.address);
  // Of all reads of the command, only the first look: neither that of probe nor that of remove.
  const stop = trace.follow((event) => {
    if (event.kind === 'status' && isDriverOk(event))
      device.faults.set({
        faults: [{ kind: 'delay', ms: slowMs, when: { ...readsOf('command'), times: 1 } }],
      });
  });
  await driver.load({ drift_interval_ms: '10' });
  let mark = trace.mark;
  const [met = 0, rounds = 0] = (
    await vm.shell.text(script(driver.description.virtioDriver), { timeoutMs: 60_000 })
  )
    .split(' ')
    .map(Number);
  const ups = trace.since(mark, 'status').filter(isDriverOk).length;
  check('comes-back').equal('times that the driver came up', ups, rounds);
  await driver.unload();
  stop();
  device.faults.clear();
  const { status } = device.vmmci.state();
  check('drops-driver-ok').that('DRIVER_OK after unload', !hasDriverOk(status), 'off', status);

  // What was left running would run now. There is nothing to wait for but that nothing comes.
  mark = trace.mark;
  await vm.shell.text('usleep 200000');
  check('silent-when-gone').equal('accesses without a driver', trace.since(mark, 'bar-read').length, 0);
  check('leaves-nothing').equal('leaked resources', await leftovers(vm.shell, before), []);
  if (met < wanted)
    throw new HarnessError('SCENARIO_MISSED', {
      event: 'an unbind while a look was under way',
      seen: met,
      wanted,
      attempts: rounds,
    });
});
