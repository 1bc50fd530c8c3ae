// `vmctl stop`, which sends REBOOT, and SHUTDOWN: the guest acknowledges at once, goes down by itself, leaves its disk clean.
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { accesses, acks } from '../harness/scenario/traffic.js';
import { checkWritten, writeInGuest } from '../harness/scenario/written.js';

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
  // Nobody syncs it: that is what going down in order is for.
  const written = await writeInGuest(vm.shell, 'plain');

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

  await checkWritten(check, environment, vm.data(), written, 'clean');
};

scenario('stop', options, async (scene) => {
  const { check, vm, device } = scene;
  await goesDown(scene, 2, () => device.host.stop(), 'guest-reset');
  check.equal('what vmd would have ended it for', vm.kill()?.reason, 'guest-exit');
});

scenario('shutdown', options, async (scene) => {
  await goesDown(scene, 1, () => scene.device.host.command('SHUTDOWN'), 'guest-shutdown');
});
