// Reads the registers of all CPUs as QEMU formats them for people.

import { monitorCommand } from './monitor-command.js';
import type { Machine } from './process.js';

/** Resolves with the output of `info registers -a`. Rejects with QMP_CLOSED if QEMU is gone. */
export const readRegisters = ({ qmp }: Pick<Machine, 'qmp'>): Promise<string> =>
  monitorCommand(qmp, 'info registers -a');
