// Gives a person a shell in the guest of a failed scenario, in its state at the failure.

import type { Trace } from '../base/trace.js';
import type { Device } from '../device/device.js';
import { verdictOf } from '../run/verdict.js';
import { serveShell } from '../shell/serve-shell.js';
import type { Vm } from './vm.js';

/** Ends a scenario at a failed check. The line of the check has been reported. */
export class StopAtFailedCheck extends Error {}

/**
 * The beginning of the line with the control socket of the shell. `vmmci test --shell` waits for this line.
 */
export const shellComment = 'shell: ';

export interface FailedGuest {
  readonly vm: Vm | undefined;
  readonly device: Device | undefined;
  readonly trace: Trace;
  /** The directory of this scenario, for the sockets. */
  readonly directory: string;
}

/**
 * Resolves when the user has left the shell. Calls `print` with the line of the control socket, or why there
 * is none.
 */
export const offerShell = async (
  error: unknown,
  { vm, device, trace, directory }: FailedGuest,
  print: (line: string) => unknown,
): Promise<void> => {
  if (!(error instanceof StopAtFailedCheck) && verdictOf(error) === 'skipped') return;
  if (vm === undefined || device === undefined || vm.hasEnded()) {
    print('no terminal: the guest is gone');
    return;
  }
  // Commands may stay unacknowledged while a person looks; vmd's timeouts must not end the VM.
  vm.ignoreKills();
  const shell = await serveShell(directory, { device, guest: vm, trace });
  print(`${shellComment}${shell.control}`);
  await shell.left;
  await shell.close();
};
