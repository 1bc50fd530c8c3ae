// `vmctl stop`: the guest acknowledges at once, goes down by itself, and leaves its disk clean.
import { mountData } from '../harness/guest/disks.js';
import { checkFileSystem, readFromDisk } from '../harness/scenario/disks.js';
import { scenario } from '../harness/scenario/scenario.js';

const text = 'written, not synced';

scenario('stop', { disk: true }, async ({ check, vm, device, trace, environment }) => {
  await mountData(vm.shell);
  await vm.shell.text(`printf '${text}' >/mnt/note`);

  const mark = trace.mark;
  check.equal('stop with a driver that is up', device.host.stop(), 'sent');
  const exit = await vm.ended('the end of a guest that was asked to stop', 30_000);

  const [command] = trace.since(mark, 'command');
  const [ack, ...others] = trace.since(mark, 'ack');
  check.equal('the command', command?.name, 'REBOOT');
  check.equal('what was acknowledged', [ack?.value, ack?.effect], [2, 'graceful']);
  check.equal('further acknowledgements', others, []);
  check.that(
    'the acknowledgement came within 3 s',
    ack !== undefined && command !== undefined && ack.at - command.at < 3_000_000,
    'less than 3000000 us after the command',
    ack && command && ack.at - command.at,
  );
  check.equal('how the guest ended', exit.shutdown, 'guest-reset');
  check.equal('what vmd would have ended it for', vm.kill()?.reason, 'guest-exit');

  const disk = await checkFileSystem(environment, vm.data);
  check.that('the file system is clean', disk.clean, 'clean', disk.report);
  check.equal('what was written is there', await readFromDisk(environment, vm.data, 'note'), text);
});
