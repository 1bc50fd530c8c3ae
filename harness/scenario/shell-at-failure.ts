// Lets a person into the guest of a scenario that has failed, as it is at that moment.

import type { Trace } from '../base/trace.js';
import type { Device } from '../device/device.js';
import { verdictOf } from '../run/verdict.js';
import { serveShell } from '../shell/serve-shell.js';
import type { Vm } from './vm.js';

/** A check that did not hold, where a scenario is to go no further. Its line has been reported. */
export class FailedCheck extends Error {}

/** What the line begins with that names the control socket of the shell. `vmmci test --shell` waits for it. */
export const shellComment = 'shell: ';

export interface FailedGuest {
  readonly vm: Vm | undefined;
  readonly device: Device | undefined;
  readonly trace: Trace;
  /** Of this scenario alone; the sockets go there. */
  readonly directory: string;
}

/** Resolves when whoever came has left. `say` is told where the shell is, or why there is none. */
export const offerShell = async (
  error: unknown,
  { vm, device, trace, directory }: FailedGuest,
  say: (line: string) => unknown,
): Promise<void> => {
  if (!(error instanceof FailedCheck) && verdictOf(error) === 'skipped') return;
  if (vm === undefined || device === undefined || vm.hasEnded()) {
    say('no terminal: the guest is gone');
    return;
  }
  // Nobody acknowledges a command while a person looks.
  vm.keep();
  const shell = await serveShell(directory, { device, guest: vm, trace });
  say(`${shellComment}${shell.control}`);
  await shell.left;
  await shell.close();
};
