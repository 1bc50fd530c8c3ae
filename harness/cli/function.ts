// `vmmci function`: serves the PCI function to `qemu -device vfio-user-pci`.

import { join } from 'node:path';
import { HarnessError, hasCode } from '../base/errors.js';
import { type Backend, startBackend, startFunction } from '../device/device.js';
import { withFaults } from '../device/fault-method.js';
import { FaultEngine } from '../faults/engine.js';
import { hostNow } from '../host/clock.js';
import { privateDirectory } from '../socket/private-directory.js';
import type { MethodTable } from '../vmd/control.js';
import { controlMethods, functionMethods } from '../vmd/control-methods.js';
import { endSignal, runDaemon } from './daemon.js';
import { daemonTrace } from './daemon-trace.js';
import { defineCommand } from './define-command.js';
import {
  clock,
  control,
  generation,
  makeSocketDirectories,
  readyNote,
  slot,
  socketPath,
  stale,
} from './device-options.js';
import { needed, type Values, value } from './option.js';
import { note } from './print.js';

const options = {
  socket: needed('PATH', 'listen on this socket for QEMU', { read: socketPath }),
  'backend-socket': value(
    'PATH',
    'use this vhost-user backend instead of a built-in one; --clock then has no effect',
    {
      read: socketPath,
    },
  ),
  generation,
  clock,
  stale,
  slot,
  control,
};

const isRefusal = (error: unknown): boolean => hasCode(error, 'SOCKET_IO') && error.fields.call === 'connect';

/**
 * Serves until SIGTERM. Rejects with BACKEND_ABSENT, SOCKET_IN_USE, and PROTOCOL if the other end is not a
 * backend.
 */
const serve = async (values: Values<typeof options>): Promise<number> => {
  const { socket, 'backend-socket': foreign, control, generation, stale, slot, clock } = values;
  const end = endSignal();
  makeSocketDirectories({ socket, control });
  const { trace, remove } = daemonTrace();
  const warn = (message: string): void => note(`vmmci function: ${message}`);
  const directory = privateDirectory();
  let own: Backend | undefined;
  const engine = new FaultEngine({ jumpClock: (us) => own?.clock.shift(us) });
  try {
    if (foreign === undefined) {
      const options = { generation, clock, trace: trace.sink, faults: engine };
      own = await startBackend(join(directory.path, 'backend.sock'), options);
    }
    const backend = foreign ?? join(directory.path, 'backend.sock');
    const options = { backend, generation, stale, slot, trace: trace.sink, faults: engine, warn };
    const served = await startFunction(socket, options).catch((error: unknown) => {
      throw foreign !== undefined && isRefusal(error)
        ? new HarnessError('BACKEND_ABSENT', { path: foreign }, error)
        : error;
    });
    const state = () => served.pci.state();
    const methods: MethodTable = own
      ? controlMethods({
          device: own.vmmci,
          host: own.host,
          clock: own.clock,
          trace,
          hostNow,
          function: state,
        })
      : functionMethods({ trace, function: state });
    return await runDaemon({
      sockets: { socket, backend },
      control,
      methods: withFaults(methods, {
        engine,
        serves: own ? ['vfio-user', 'vhost-user'] : ['vfio-user'],
        hasClock: own !== undefined,
        trace: trace.sink,
      }),
      end,
      host: own?.host,
      lost: served.lost,
      close: served.close,
    });
  } finally {
    await own?.close();
    directory.remove();
    remove();
  }
};

export const command = defineCommand({
  options,
  notes: [
    'QEMU option for a function at 00:05.0:',
    `  -device '{"driver":"vfio-user-pci","addr":"05.0","socket":{"type":"unix","path":"PATH"}}'`,
    readyNote,
  ],
  run: serve,
});
