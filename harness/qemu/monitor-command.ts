// Runs commands of QEMU's monitor for people, through QMP.

import * as v from 'valibot';
import type { Qmp } from './qmp.js';

/** Resolves with the output of the command. An error of the command is output too. */
export const monitorCommand = (qmp: Qmp, command: string): Promise<string> =>
  qmp.query(v.string(), 'human-monitor-command', { 'command-line': command });
