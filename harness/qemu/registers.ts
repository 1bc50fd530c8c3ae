// The registers of all CPUs, as QEMU shows them to people.

import { monitorCommand } from './monitor-command.js';
import type { Machine } from './process.js';

/** Text of `info registers -a`. QMP_CLOSED if QEMU is gone. */
export const readRegisters = ({ qmp }: Pick<Machine, 'qmp'>): Promise<string> =>
  monitorCommand(qmp, 'info registers -a');
