// `vmmci function`: the vfio-user server for `qemu -device vfio-user-pci`.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HarnessError, hasCode } from '../base/errors.js';
import { Trace } from '../base/trace.js';
import { type Backend, startBackend, startFunction } from '../device/device.js';
import { withFaults } from '../device/fault-method.js';
import { FaultEngine } from '../faults/engine.js';
import { stalePolicies } from '../pci/stale.js';
import { privateDirectory } from '../socket/private-directory.js';
import type { MethodTable } from '../vmd/control.js';
import { controlMethods, functionMethods } from '../vmd/control-methods.js';
import { CLOCK_FORMS } from '../vmmci/clock.js';
import { generationNames } from '../vmmci/generations.js';
import { hostNow } from '../vmmci/host-clock.js';
import { runDaemon } from './daemon.js';
import { clockOption, generationOption, socketOption, staleOption } from './device-options.js';

export const summary = 'serve the vmmci PCI function to a QEMU of your own';

const usage = `usage: vmmci function --socket PATH [--backend-socket PATH] [--generation G] [--clock SPEC]
                      [--stale POLICY] [--control PATH]
  --socket PATH          where to listen for QEMU
  --backend-socket PATH  a vhost-user back-end to use in place of our own; --clock then does not apply
  --generation G         ${generationNames.join(', ')}
  --clock SPEC           ${CLOCK_FORMS}
  --stale POLICY         what a read gives where there is no register: ${stalePolicies.join(', ')}
  --control PATH         where to listen for vmmci ctl
QEMU's side, for a function at 00:05.0:
  -device '{"driver":"vfio-user-pci","addr":"05.0","socket":{"type":"unix","path":"PATH"}}'
Prints a JSON line {"ready":true,…} when it listens, and one for each VM it would end; SIGTERM ends it.
`;

const options = {
  socket: { type: 'string' },
  'backend-socket': { type: 'string' },
  generation: { type: 'string' },
  clock: { type: 'string' },
  stale: { type: 'string' },
  control: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const isRefusal = (error: unknown): boolean => hasCode(error, 'SOCKET_IO') && error.fields.call === 'connect';

const nobodyAt = (backend: string, cause: unknown): HarnessError =>
  new HarnessError(
    'USAGE',
    {
      reason: `--backend-socket: nobody answers at ${backend}; start vmmci backend --socket ${backend} first`,
    },
    cause,
  );

/** Serves until SIGTERM. Throws USAGE, SOCKET_PATH, SOCKET_IN_USE; PROTOCOL when the back-end is none. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const socket = socketOption('--socket', values.socket, true) ?? '';
  const foreign = socketOption('--backend-socket', values['backend-socket'], false);
  const control = socketOption('--control', values.control, false);
  const generation = generationOption(values.generation);
  const stale = staleOption(values.stale);
  const clock = clockOption(values.clock);
  const trace = new Trace();
  const directory = privateDirectory();
  let own: Backend | undefined;
  const engine = new FaultEngine({ jumpClock: (us) => own?.clock.shift(us) });
  try {
    if (foreign === undefined) {
      const options = { generation, clock, trace: trace.sink, faults: engine };
      own = await startBackend(join(directory.path, 'backend.sock'), options);
    }
    const backend = foreign ?? join(directory.path, 'backend.sock');
    const options = { backend, generation, stale, trace: trace.sink, faults: engine };
    const served = await startFunction(socket, options).catch((error: unknown) => {
      throw foreign !== undefined && isRefusal(error) ? nobodyAt(foreign, error) : error;
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
      host: own?.host,
      lost: served.lost,
      close: served.close,
    });
  } finally {
    await own?.close();
    directory.remove();
  }
};
