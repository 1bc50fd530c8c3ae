// QEMU's gdb stub. The CPUs run on until a debugger connects.

import { HarnessError } from '../base/errors.js';
import { monitorCommand } from './monitor-command.js';
import type { Machine } from './process.js';

/** Listens for gdb at `path`, in a directory that QEMU may write to. Rejects with QMP_COMMAND. */
export const serveGdb = async ({ qmp }: Machine, path: string): Promise<void> => {
  const device = `unix:${path.replaceAll(',', ',,')},server=on,wait=off`;
  const reply = await monitorCommand(qmp, `gdbserver ${device}`);
  if (!reply.startsWith('Waiting for gdb connection'))
    throw new HarnessError('QMP_COMMAND', {
      command: 'gdbserver',
      class: 'GenericError',
      description: reply.trim(),
    });
};
