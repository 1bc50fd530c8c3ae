// The driver is bound and unbound, again and again, while commands arrive and its files are read: each command is answered.
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isDriverOk } from '../harness/scenario/traffic.js';
import { functionAddress } from '../harness/scenario/vm.js';

const rounds = 15;
const options = { cpus: 2, optionalParameters: { drift_interval_ms: '10' } } as const;

scenario('bind-unbind', options, async ({ check, vm, device, driver, trace, until }) => {
  const { pciDriver, virtioDriver } = driver.description;
  const before = await holdings(vm.shell);
  const start = trace.mark;
  const stop = trace.follow((event) => {
    if (event.kind === 'status' && isDriverOk(event)) setImmediate(() => device.host.command('SYNCRTC'));
  });
  await vm.shell.text(`
    (while [ ! -e /run/enough ]; do cat ${driver.path('*')} || usleep 1000; done >/dev/null 2>&1; : >/run/ended) &
    for round in $(seq ${rounds}); do
      cd /sys/bus/virtio/drivers/${virtioDriver}
      for device in virtio*; do echo $device >unbind; echo $device >bind; done
      cd /sys/bus/pci/drivers/${pciDriver}
      echo ${functionAddress} >unbind
      echo ${functionAddress} >bind
    done
    : >/run/enough
    until [ -e /run/ended ]; do usleep 1000; done`);
  stop();
  const sent = () => trace.since(start, 'command').filter(({ result }) => result === 'sent').length;
  check.that('commands sent meanwhile', sent() > 0, 'at least one', sent());
  await until('ack', start, undefined, sent());
  check.equal(
    'answers',
    acks(trace, start),
    Array.from({ length: sent() }, () => [3, 'cleared']),
  );
  check.equal('the register', device.vmmci.state().command, 'NONE');
  if (driver.showsHostTime) {
    const time = await driver.hostTime();
    const samples = trace.since(start, 'sample').map(({ us }) => us);
    check.equal('host_time is a sample of the device', samples.includes(time), true);
  }
  check.equal('what the driver holds more than before', await leftovers(vm.shell, before), []);
});
