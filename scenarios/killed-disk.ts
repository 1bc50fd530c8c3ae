// A VM that ends without its guest's doing: the file system was in use, and what was synced is there all the same.
import { enableDevice, writeRegister } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { functionAddress } from '../harness/scenario/vm.js';
import { checkWritten, writeInGuest } from '../harness/scenario/written.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const ackMs = 3_000;

for (const [generation, outcome] of [
  ['7.9', 'terminate'],
  ['8.0', 'SIGTERM'],
] as const) {
  scenario(`stop-forced-${generation}`, { disk: true, generation }, async (scene) => {
    const { check, vm, device, trace, environment } = scene;
    const written = await writeInGuest(vm.shell, 'synced');
    const mark = trace.mark;
    check.equal('vmctl stop --force', device.host.stop({ force: true }), 'killed');
    const exit = await vm.ended('the end of a guest that vmd kills', 10_000);
    check.equal('what vmd ended it for', vm.kill(), { reason: 'forced-stop', outcome });
    check.equal('who ended it', exit.shutdown, 'host-qmp-quit');
    check.equal('commands to the guest', trace.since(mark, 'command'), []);
    await checkWritten(check, environment, vm.data(), written, 'recovery');
  });
}

const scheduler = new VirtualScheduler();
const silent = { disk: true, driver: 'absent', scheduler } as const;
scenario('stop-unacknowledged-disk', silent, async ({ check, vm, device, environment }) => {
  const written = await writeInGuest(vm.shell, 'synced');
  await enableDevice(vm.shell, functionAddress);
  await writeRegister(vm.shell, functionAddress, { offset: 18, width: 1 }, 0x07);
  check.equal('stop of a driver that never acknowledges', device.host.stop(), 'sent');
  scheduler.advance(ackMs);
  const exit = await vm.ended('the end of a guest that vmd kills', 10_000);
  check.equal('what vmd ended it for', vm.kill()?.reason, 'ack-timeout');
  check.equal('who ended it', exit.shutdown, 'host-qmp-quit');
  await checkWritten(check, environment, vm.data(), written, 'recovery');
});
