// After `vmctl stop`, which sends REBOOT, and after SHUTDOWN, the guest acknowledges at once, goes down by
// itself and leaves its disk clean.

import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { acks, writes } from '../harness/scenario/traffic.js';
import type { Request } from '../harness/vmmci/commands.js';
import { acknowledgedIn } from './shared/acknowledged-in.js';
import { checkWritten, writeInGuest } from './shared/written.js';

// Polling is off: a poll would find in time a command that the interrupt handler misses.
const options = { disk: true, quiet: true };

/** Lets `send` send the command, and checks that the guest goes down in order. */
const goesDown = async (
  { check, vm, trace, environment, until }: Scene,
  command: Request,
  send: () => unknown,
  how: string,
): Promise<void> => {
  // The data is not synced: an orderly shutdown writes it.
  const written = await writeInGuest(vm.shell, 'plain');

  const mark = trace.mark;
  check('driver-ok').equal(`${command} to a driver that is up`, send(), 'sent');
  await until('command', mark);
  const exit = await vm.ended('end of a guest that was asked to stop', 30_000);

  check('acknowledges').equal('acknowledgements', acks(trace, mark), [`${command}: graceful`]);
  acknowledgedIn(check('acknowledges-in-time'), trace, mark, environment);
  const [first, ...others] = writes(trace, mark);
  check('acknowledges').equal('write of the acknowledgement', first, `write command = ${command}`);
  check('quiet-on-the-way-down').equal('writes on the way down', others, []);
  check('goes-down').equal('end of the guest', exit.shutdown, how);
  await checkWritten(check('keeps-data'), environment, vm.data(), written, 'clean');
};

scenario('stop', options, async (scene) => {
  const { check, vm, device } = scene;
  await goesDown(scene, 'REBOOT', () => device.host.stop(), 'guest-reset');
  check('goes-down').equal("vmd's reason to end the VM", vm.kill()?.reason, 'guest-exit');
});

scenario('shutdown', options, async (scene) => {
  await goesDown(scene, 'SHUTDOWN', () => scene.device.host.command('SHUTDOWN'), 'guest-shutdown');
});
