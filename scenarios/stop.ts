// `vmctl stop`, which sends REBOOT, and SHUTDOWN: the guest acknowledges at once, goes down by itself, leaves its disk clean.
import { mountData } from '../harness/guest/disks.js';
import { checkFileSystem, readFromDisk } from '../harness/scenario/disks.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { accesses, acks } from '../harness/scenario/traffic.js';

const text = 'written, not synced';
const limit = 3_000_000; // microseconds

// The periodic look is turned off: it would find in time what the interrupt handler misses.
const options = { disk: true, quiet: true };

/** `send` makes the host send the command of that value. */
const goesDown = async (
  { check, vm, trace, environment, until }: Scene,
  value: number,
  send: () => unknown,
  how: string,
): Promise<void> => {
  await mountData(vm.shell);
  await vm.shell.text(`printf '${text}' >/mnt/note`);

  const mark = trace.mark;
  check.equal('sent to a driver that is up', send(), 'sent');
  const sent = (await until('command', mark)).at;
  const exit = await vm.ended('the end of a guest that was asked to stop', 30_000);

  check.equal('what was acknowledged', acks(trace, mark), [[value, 'graceful']]);
  const [ack] = trace.since(mark, 'ack');
  check.that(
    'the acknowledgement came within 3 s',
    ack !== undefined && ack.at - sent < limit,
    `less than ${limit} us after the command`,
    ack && ack.at - sent,
  );
  const writes = accesses(trace, mark).filter((access) => access.startsWith('write'));
  check.equal('writes to the device until the end', writes, [`write 20 = ${value}`]);
  check.equal('how the guest ended', exit.shutdown, how);

  const disk = await checkFileSystem(environment, vm.data);
  check.that('the file system is clean', disk.clean, 'clean', disk.report);
  check.equal('what was written is there', await readFromDisk(environment, vm.data, 'note'), text);
};

scenario('stop', options, async (scene) => {
  const { check, vm, device } = scene;
  await goesDown(scene, 2, () => device.host.stop(), 'guest-reset');
  check.equal('what vmd would have ended it for', vm.kill()?.reason, 'guest-exit');
});

scenario('shutdown', options, async (scene) => {
  await goesDown(scene, 1, () => scene.device.host.command('SHUTDOWN'), 'guest-shutdown');
});
