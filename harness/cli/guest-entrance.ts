// Opens a terminal in the guest of a failed scenario when the process of the scenario prints the control
// socket.

import { shellComment } from '../scenario/shell-at-failure.js';
import { connectShell } from '../shell/connect.js';
import { escapeHint } from '../shell/user-terminal.js';
import type { CommandTable } from './define-command.js';
import { interact } from './interact.js';
import { note } from './print.js';
import { reportError } from './report-error.js';

/** A comment in TAP. */
const comment = new RegExp(`^ *# ${shellComment}(/.+)$`);

const enter = async (control: string, signal: AbortSignal, all: CommandTable): Promise<void> => {
  const { terminals, close } = await connectShell(control);
  try {
    note(`the guest is as it was at the failed check; host side: vmmci ctl --control ${control} state`);
    note(`${escapeHint}; the scenario ends then`);
    await interact({ name: '--shell', terminals, control, all, signal });
    note('\nleft the guest');
  } finally {
    close();
  }
};

/** Returns a function that takes each line of TAP. */
export const guestEntrance =
  (signal: AbortSignal, all: CommandTable) =>
  (line: string): void => {
    const control = comment.exec(line)?.[1];
    if (control === undefined) return;
    enter(control, signal, all).catch((error: unknown) => void reportError('vmmci test', { error }));
  };
