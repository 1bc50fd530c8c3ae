// Plugs the function into a running machine and unplugs it.

import { functionDevice } from './argv.js';
import type { Machine } from './process.js';

/**
 * Adds the function served at `socket` at 00:05.0. When it resolves, QEMU has already talked to the server.
 * Rejects with QMP_COMMAND if QEMU refuses.
 */
export const plugFunction = async ({ qmp }: Machine, socket: string): Promise<void> => {
  await qmp.execute('device_add', functionDevice(socket));
};

/**
 * Asks the guest to release the function and waits until it has. Rejects with QMP_TIMEOUT after `ms`; race it
 * with events that can end the wait earlier.
 */
export const unplugFunction = async ({ qmp }: Machine, ms: number): Promise<void> => {
  const deleted = qmp.waitEvent('DEVICE_DELETED', { ms, accept: ({ device }) => device === 'function' });
  deleted.catch(() => {});
  await qmp.execute('device_del', { id: 'function' });
  await deleted;
};
