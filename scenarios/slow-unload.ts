// The driver is unbound while it is in the middle of a look at a device that takes its time: what it started ends with it.
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';

const slowMs = 10;

/**
 * A look is under way for about half the time, but QEMU does nothing else while it waits for the device, and a sleeping shell does not wake up
 * until it has the answer. So the shell counts, each time a little further, over more than the 22 ms from look to look.
 */
const rounds = 40;
const further = 50;
const readCommand = { protocol: 'vfio-user', command: 'REGION_READ', region: 0, offset: 20 } as const;

const options = { cpus: 2, driver: 'installed' } as const;

scenario('slow-unload', options, async ({ check, vm, device, driver, trace }) => {
  const before = await holdings(vm.shell);
  device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: readCommand }] });
  await driver.load({ drift_interval_ms: '10' });
  let mark = trace.mark;
  await vm.shell.text(`
    cd /sys/bus/virtio/drivers/${driver.description.virtioDriver}
    for device in virtio*; do
      for round in $(seq ${rounds}); do
        left=$((round * ${further})); while [ $left -gt 0 ]; do left=$((left - 1)); done
        echo $device >unbind; echo $device >bind
      done
    done`);
  check.equal('times that the driver came up', trace.since(mark, 'status').filter(isDriverOk).length, rounds);
  await driver.unload();
  check.equal('status after it', device.vmmci.state().status, 0);

  // What was left running would run now. There is nothing to wait for but that nothing comes.
  mark = trace.mark;
  await vm.shell.text('usleep 200000');
  check.equal('accesses without a driver', trace.since(mark, 'bar-read').length, 0);
  check.equal('what the driver left behind', await leftovers(vm.shell, before), []);
});
