// `rcctl stop vmd`, also part of a host's shutdown, is the most common way in which a guest ends. The guest
// has 30 s, less than the 120 s of vmd's own timer.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkWritten, writeInGuest } from './shared/written.js';

const serviceStopMs = 30_000;

const time = new VirtualScheduler();

scenario('service-stop', { disk: true, quiet: true, scheduler: time }, async (scene) => {
  const { check, vm, device, trace, environment, until } = scene;
  const written = await writeInGuest(vm.shell, 'plain');
  const mark = trace.mark;
  check('driver-ok').equal('stop of the vmd service', device.host.stopService(), 'sent');
  await until('command', mark);
  const exit = await vm.ended('end of a guest whose host shuts down', serviceStopMs);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['REBOOT: graceful']);
  check('goes-down').equal('end of the guest', exit.shutdown, 'guest-reset');
  await checkWritten(check('keeps-data'), environment, vm.data(), written, 'clean');
  time.advance(serviceStopMs);
  const reasons = trace.since(mark, 'kill').map(({ reason }) => reason);
  check('goes-down').equal("vmd's reasons to end the VM", reasons, ['guest-exit']);
});

const hangScheduler = new VirtualScheduler();

scenario('service-stop-hanging', { generation: '8.0', scheduler: hangScheduler }, async (scene) => {
  const { check, vm, device, trace, until } = scene;
  await recordPowerRequests(vm.shell);
  const mark = trace.mark;
  check('driver-ok').equal('stop of the vmd service', device.host.stopService(), 'sent');
  await until('ack', mark);
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
  hangScheduler.advance(serviceStopMs - 1);
  check('device').equal("vmd's decision 1 ms before the 30 s are over", vm.kill(), undefined);
  hangScheduler.advance(1);
  check('device').equal("vmd's decision after 30 s", vm.kill(), {
    reason: 'service-timeout',
    outcome: 'terminate',
  });
  const exit = await vm.ended('end of a guest that the service stop kills', 10_000);
  check('device').equal('end of QEMU', exit.shutdown, 'host-qmp-quit');
});
