// vmd kills the VM while its file system is mounted. Data that the guest had synced is still on the disk.

import { enableDevice, writeRegister } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { generations } from '../harness/vmmci/generations.js';
import { registers, status } from '../harness/vmmci/registers.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkWritten, writeInGuest } from './shared/written.js';

for (const [generation, outcome] of [
  ['7.9', 'terminate'],
  ['8.0', 'SIGTERM'],
] as const) {
  scenario(`stop-forced-${generation}`, { disk: true, generation }, async (scene) => {
    const { check, vm, device, trace, environment } = scene;
    const written = await writeInGuest(vm.shell, 'synced');
    const mark = trace.mark;
    check('device').equal('vmctl stop --force', device.host.stop({ force: true }), 'killed');
    const exit = await vm.ended('end of a guest that vmd kills', 10_000);
    check('device').equal("vmd's decision", vm.kill(), { reason: 'forced-stop', outcome });
    check('device').equal('end of QEMU', exit.shutdown, 'host-qmp-quit');
    check('device').equal('commands to the guest', trace.since(mark, 'command'), []);
    await checkWritten(check('device'), environment, vm.data(), written, 'recovery');
  });
}

const scheduler = new VirtualScheduler();
const silent = { disk: true, driver: 'absent', scheduler } as const;
scenario('stop-unacknowledged-disk', silent, async ({ check, vm, device, environment }) => {
  const written = await writeInGuest(vm.shell, 'synced');
  await enableDevice(vm.shell, vm.address);
  const up = status.ACKNOWLEDGE | status.DRIVER | status.DRIVER_OK;
  await writeRegister(vm.shell, vm.address, { offset: registers.status.offset, width: 1 }, up);
  check('device').equal('stop of a driver that never acknowledges', device.host.stop(), 'sent');
  scheduler.advance(generations[environment.choice.generation].ackMs);
  const exit = await vm.ended('end of a guest that vmd kills', 10_000);
  check('device').equal("vmd's decision", vm.kill()?.reason, 'ack-timeout');
  check('device').equal('end of QEMU', exit.shutdown, 'host-qmp-quit');
  await checkWritten(check('device'), environment, vm.data(), written, 'recovery');
});
