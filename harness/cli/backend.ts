// `vmmci backend`: the vhost-user back-end alone.
import { parseArgs } from 'node:util';
import { Trace } from '../base/trace.js';
import { startBackend } from '../device/device.js';
import { withFaults } from '../device/fault-method.js';
import { FaultEngine } from '../faults/engine.js';
import { controlMethods } from '../vmd/control-methods.js';
import { CLOCK_FORMS } from '../vmmci/clock.js';
import { generationNames } from '../vmmci/generations.js';
import { hostNow } from '../vmmci/host-clock.js';
import { runDaemon } from './daemon.js';
import { clockOption, generationOption, socketOption } from './device-options.js';

export const summary = 'serve the vmmci device to a vhost-user front-end';

const usage = `usage: vmmci backend --socket PATH [--generation G] [--clock SPEC] [--control PATH]
  --socket PATH    where to listen for a vhost-user front-end
  --generation G   ${generationNames.join(', ')}
  --clock SPEC     ${CLOCK_FORMS}
  --control PATH   where to listen for vmmci ctl
Prints a JSON line {"ready":true,…} when it listens, and one for each VM it would end; SIGTERM ends it.
`;

const options = {
  socket: { type: 'string' },
  generation: { type: 'string' },
  clock: { type: 'string' },
  control: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Serves until SIGTERM. Throws USAGE, SOCKET_PATH, SOCKET_IN_USE. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const socket = socketOption('--socket', values.socket, true) ?? '';
  const control = socketOption('--control', values.control, false);
  const generation = generationOption(values.generation);
  const trace = new Trace();
  const engine = new FaultEngine({ jumpClock: (us) => backend.clock.shift(us) });
  const backend = await startBackend(socket, {
    generation,
    clock: clockOption(values.clock),
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
  return runDaemon({ sockets: { socket }, control, methods, host, close });
};
