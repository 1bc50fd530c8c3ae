// The driver is unbound while it polls a device that responds slowly. The unbind waits for the poll, and
// nothing of the driver runs afterwards.

import { HarnessError } from '../harness/base/errors.js';
import type { Binding } from '../harness/scenario/driver.js';
import { showStatus } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { hasDriverOk, isDriverOk, readsOf } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC } from '../harness/vmmci/features.js';

/** Time that the device takes to answer the first poll after each probe, in milliseconds. */
const slowMs = 300;

/** Number of unbinds that must coincide with a poll. */
const requiredOverlaps = 2;

/** Maximum number of attempts. On an idle machine four are enough (measured on 5.10, 6.12 and 7.3). */
const maxRounds = 40;

/**
 * Each round waits for a different short time and then unbinds. An unbind of 0.1 s or more has waited for a
 * poll. The next bind follows three intervals later: what is left of the driver then runs in memory that is
 * free, not in that of the next device. Times are hundredths of a second of the guest's uptime, which
 * advances while the device does not answer; a sleep would not end before the answer.
 */
const script = ({ directory, devices }: Binding): string => `
  cd ${directory}
  now() { read -r up rest </proc/uptime; now=\${up%.*}\${up#*.}; }
  pass() { now; end=$((now + $1)); while [ $now -lt $end ]; do now; done; }
  met=0 round=0
  for device in ${devices}; do
    while [ $met -lt ${requiredOverlaps} ] && [ $round -lt ${maxRounds} ]; do
      round=$((round + 1))
      pass $((3 + 4 * (round % 4)))
      before=$now; echo $device >unbind; now
      if [ $((now - before)) -ge 10 ]; then met=$((met + 1)); fi
      pass 3
      echo $device >bind
    done
  done
  echo $met $round`;

const options = { cpus: 2, driver: 'installed' } as const;

scenario('slow-unload', options, async ({ check, vm, device, driver, trace }) => {
  driver.needsPollInterval();
  // Without the time there is no PTP clock. To remove one takes a grace period of RCU, which ends with the
  // poll.
  await device.stopBackend();
  await device.startBackend({ features: ACK | SYNCRTC });
  const before = await holdings(vm.shell, vm.address);
  // Only the first poll after a probe is slow, not the reads of the command in probe and remove.
  const stop = trace.follow((event) => {
    if (event.kind === 'status' && isDriverOk(event))
      device.faults.set({
        faults: [{ kind: 'delay', ms: slowMs, when: { ...readsOf('command'), times: 1 } }],
      });
  });
  await driver.load(driver.pollingEvery(10));
  let mark = trace.mark;
  const [met = 0, rounds = 0] = (await vm.shell.text(script(driver.binding), { timeoutMs: 60_000 }))
    .split(' ')
    .map(Number);
  const ups = trace.since(mark, 'status').filter(isDriverOk).length;
  check('comes-back').equal('times that the driver came up', ups, rounds);
  await driver.unload();
  stop();
  device.faults.clear();
  const { status } = device.vmmci.state();
  check('drops-driver-ok').that('DRIVER_OK after unload', !hasDriverOk(status), 'off', showStatus(status));

  // A timer or work item that was left would run now. No event marks its absence, so this waits for a fixed
  // time.
  mark = trace.mark;
  await vm.shell.text('usleep 200000');
  check('silent-when-gone').equal('accesses without a driver', trace.since(mark, 'bar-read').length, 0);
  check('leaves-nothing').equal('leaked resources', await leftovers(vm.shell, before), []);
  if (met < requiredOverlaps)
    throw new HarnessError('SCENARIO_MISSED', {
      event: 'an unbind during a poll',
      seen: met,
      wanted: requiredOverlaps,
      attempts: rounds,
    });
});
