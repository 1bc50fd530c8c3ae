// Commands of QEMU's monitor for people, which QMP passes on.

import * as v from 'valibot';
import type { Qmp } from './qmp.js';

/** Resolves with the text that the command prints; an error of the command is text, too. */
export const monitorCommand = (qmp: Qmp, command: string): Promise<string> =>
  qmp.query(v.string(), 'human-monitor-command', { 'command-line': command });
