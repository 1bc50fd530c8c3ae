// Plugging the function into a machine that is there, and pulling it out.

import { functionDevice } from './argv.js';
import type { Machine } from './process.js';

/** Adds the function that is served at `socket` at 00:05.0. QEMU has talked to the server when it resolves. QMP_COMMAND if refused. */
export const plugFunction = async ({ qmp }: Machine, socket: string): Promise<void> => {
  await qmp.execute('device_add', functionDevice(socket));
};

/** Asks the guest to let the function go and waits until it has. QMP_TIMEOUT if it does not within `ms`: race it with what may end the wait earlier. */
export const unplugFunction = async ({ qmp }: Machine, ms: number): Promise<void> => {
  const gone = qmp.waitEvent('DEVICE_DELETED', { ms, accept: ({ device }) => device === 'function' });
  gone.catch(() => {});
  await qmp.execute('device_del', { id: 'function' });
  await gone;
};
