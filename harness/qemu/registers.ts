// The registers of all CPUs, as QEMU shows them to people.

import type { Machine } from './process.js';

/** Text of `info registers -a`. QMP_CLOSED if QEMU is gone. */
export const readRegisters = ({ qmp }: Pick<Machine, 'qmp'>): Promise<string> =>
  qmp.execute<string>('human-monitor-command', { 'command-line': 'info registers -a' });
