// `vmmci backend`: serves the device as a vhost-user backend.

import { startBackend } from '../device/device.js';
import { withFaults } from '../device/fault-method.js';
import { FaultEngine } from '../faults/engine.js';
import { hostNow } from '../host/clock.js';
import { controlMethods } from '../vmd/control-methods.js';
import { endSignal, runDaemon } from './daemon.js';
import { daemonTrace } from './daemon-trace.js';
import { defineCommand } from './define-command.js';
import {
  clock,
  control,
  generation,
  makeSocketDirectories,
  readyNote,
  socketPath,
} from './device-options.js';
import { needed, type Values } from './option.js';

const options = {
  socket: needed('PATH', 'listen on this socket for a vhost-user front-end', { read: socketPath }),
  generation,
  clock,
  control,
};

/** Serves until SIGTERM. Rejects with SOCKET_IN_USE. */
const serve = async (values: Values<typeof options>): Promise<number> => {
  const { socket, control, generation } = values;
  const end = endSignal();
  makeSocketDirectories({ socket, control });
  const { trace, remove } = daemonTrace();
  try {
    const engine = new FaultEngine({ jumpClock: (us) => backend.clock.shift(us) });
    const backend = await startBackend(socket, {
      generation,
      clock: values.clock,
      trace: trace.sink,
      faults: engine,
    });
    const { vmmci, host, clock, close } = backend;
    const methods = withFaults(controlMethods({ device: vmmci, host, clock, trace, hostNow }), {
      engine,
      serves: ['vhost-user'],
      hasClock: true,
      trace: trace.sink,
    });
    return await runDaemon({ sockets: { socket }, control, methods, end, host, close });
  } finally {
    remove();
  }
};

export const command = defineCommand({ options, notes: [readyNote], run: serve });
