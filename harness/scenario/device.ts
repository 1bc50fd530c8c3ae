// The whole device side in one process: vmd's host behaviour, the back-end, and the PCI function, joined by the same two
// sockets that separate daemons would use.
import { join } from 'node:path';
import type { FaultHook } from '../faults/hook.js';
import { PciFunction } from '../pci/function.js';
import type { StalePolicy } from '../pci/stale.js';
import { closeFd, signalEventFd } from '../socket/descriptor.js';
import type { TraceSink } from '../trace.js';
import { serveFunction } from '../vfio-user/listen.js';
import { keepConnected } from '../vhost-user/keep-connected.js';
import { listenBackend } from '../vhost-user/listen.js';
import { Host } from '../vmd/host.js';
import { type ClockHolder, clockHolder, parseClock } from '../vmmci/clock.js';
import { Vmmci } from '../vmmci/device.js';
import { DEFAULT_GENERATION, type GenerationName, generations } from '../vmmci/generations.js';
import { hostNow } from '../vmmci/host-clock.js';
import { realScheduler } from '../vmmci/scheduler.js';

export interface BackendOptions {
  readonly generation?: GenerationName | undefined;
  /** A clock as the command line writes it; the host's own when left out. */
  readonly clock?: string | undefined;
  readonly trace: TraceSink;
  readonly faults?: FaultHook | undefined;
}

export interface Backend {
  readonly vmmci: Vmmci;
  readonly host: Host;
  readonly clock: ClockHolder;
  readonly socket: string;
  close(): Promise<void>;
}

/** Listens with a vmmci back-end at `socket`, vmd's behaviour around it. */
export const startBackend = async (
  socket: string,
  { generation: name = DEFAULT_GENERATION, clock: spec = 'running', trace, faults }: BackendOptions,
): Promise<Backend> => {
  const generation = generations[name];
  const scheduler = realScheduler();
  const clock = clockHolder(parseClock(spec, hostNow));
  const vmmci = new Vmmci({ generation, clock, scheduler, trace });
  const listener = await listenBackend(socket, vmmci, { trace, ...(faults && { faults }) });
  const host = new Host({ device: vmmci, generation, clock, scheduler, trace });
  return {
    vmmci,
    host,
    clock,
    socket,
    close: async () => {
      host.close();
      vmmci.reset(); // no timer may outlive the device
      await listener.close();
    },
  };
};

export interface FunctionOptions {
  /** The vhost-user socket of the back-end. */
  readonly backend: string;
  readonly generation?: GenerationName | undefined;
  readonly stale?: StalePolicy | undefined;
  readonly trace: TraceSink;
  readonly faults?: FaultHook | undefined;
}

export interface ServedFunction {
  readonly pci: PciFunction;
  readonly socket: string;
  /** Rejects when the back-end went away for good. */
  readonly lost: Promise<void>;
  close(): Promise<void>;
}

/** Listens with the PCI function at `socket`, in front of a back-end that must be there already. */
export const startFunction = async (
  socket: string,
  { backend, generation: name = DEFAULT_GENERATION, stale = 'repeat', trace, faults }: FunctionOptions,
): Promise<ServedFunction> => {
  const eventfds = { signal: signalEventFd, close: closeFd };
  const pci = new PciFunction({ generation: generations[name], eventfds, stale, trace });
  const keeper = await keepConnected(backend, { trace, use: (frontEnd) => pci.attach(frontEnd) });
  try {
    const server = await serveFunction(socket, pci, { trace, ...(faults && { faults }) });
    return {
      pci,
      socket,
      lost: keeper.done,
      close: async () => {
        keeper.close();
        await server.close();
      },
    };
  } catch (error) {
    keeper.close();
    throw error;
  }
};

export interface Device extends Backend {
  readonly pci: PciFunction;
  /** The vfio-user socket, for QEMU. */
  readonly functionSocket: string;
}

/** Back-end and function, with sockets in `directory`. */
export const startDevice = async (
  directory: string,
  options: BackendOptions & Pick<FunctionOptions, 'stale'>,
): Promise<Device> => {
  const backend = await startBackend(join(directory, 'backend.sock'), options);
  try {
    const served = await startFunction(join(directory, 'function.sock'), {
      ...options,
      backend: backend.socket,
    });
    return {
      ...backend,
      pci: served.pci,
      functionSocket: served.socket,
      close: async () => {
        await served.close();
        await backend.close();
      },
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
};
