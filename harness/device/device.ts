// The whole device side in one process: vmd's host behaviour, the backend, and the PCI function, joined by
// the same two sockets that separate daemons would use.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceSink } from '../base/trace.js';
import { FaultEngine } from '../faults/engine.js';
import type { FaultHook } from '../faults/hook.js';
import { hostNow } from '../host/clock.js';
import { PciFunction } from '../pci/function.js';
import type { StalePolicy } from '../pci/stale.js';
import { closeFd, signalEventFd } from '../socket/descriptor.js';
import { serveFunction } from '../vfio-user/listen.js';
import { keepConnected } from '../vhost-user/keep-connected.js';
import { listenBackend } from '../vhost-user/listen.js';
import { Host, type Kill } from '../vmd/host.js';
import { type ClockHolder, clockHolder, type DeviceClock, parseClock } from '../vmmci/clock.js';
import { Vmmci } from '../vmmci/device.js';
import { DEFAULT_GENERATION, type GenerationName, generations } from '../vmmci/generations.js';
import { realScheduler, type Scheduler } from '../vmmci/scheduler.js';
import { type Signal, signal } from '../vmmci/signal.js';
import { resolveClock } from './clock-spec.js';

export interface BackendOptions {
  readonly generation?: GenerationName | undefined;
  /** What is offered in place of the generation's features. */
  readonly features?: number | undefined;
  /** A clock, or one as the command line writes it; the host's own when left out. */
  readonly clock?: string | DeviceClock | undefined;
  /** What the host's timers and its watch on the clock run on; the process's own timers when left out. */
  readonly scheduler?: Scheduler | undefined;
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

/** Listens with a vmmci backend at `socket`, vmd's behaviour around it. */
export const startBackend = async (
  socket: string,
  {
    generation: name = DEFAULT_GENERATION,
    features = generations[name].features,
    clock: given = 'running',
    scheduler = realScheduler(),
    trace,
    faults,
  }: BackendOptions,
): Promise<Backend> => {
  const generation = { ...generations[name], features };
  const clock = clockHolder(typeof given === 'string' ? parseClock(resolveClock(given), hostNow) : given);
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
  /** The vhost-user socket of the backend. */
  readonly backend: string;
  readonly generation?: GenerationName | undefined;
  readonly stale?: StalePolicy | undefined;
  /** The slot that vmd would have the function in, whatever QEMU's is: 4 when left out. */
  readonly slot?: number | undefined;
  readonly trace: TraceSink;
  readonly faults?: FaultHook | undefined;
  /** Told, in words for people, of what is odd about the backend and worked around. */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface ServedFunction {
  readonly pci: PciFunction;
  readonly socket: string;
  /** Rejects when the backend went away for good. */
  readonly lost: Promise<void>;
  /** Tells when a backend is in use (true), and when it is gone (false). */
  readonly attached: Pick<Signal<boolean>, 'on'>;
  close(): Promise<void>;
}

/** Listens with the PCI function at `socket`, in front of a backend that must be there already. */
export const startFunction = async (
  socket: string,
  {
    backend,
    generation: name = DEFAULT_GENERATION,
    stale = 'repeat',
    slot,
    trace,
    faults,
    warn,
  }: FunctionOptions,
): Promise<ServedFunction> => {
  const eventfds = { signal: signalEventFd, close: closeFd };
  const pci = new PciFunction({ generation: generations[name], eventfds, stale, slot, trace, warn });
  const attached = signal<boolean>();
  const keeper = await keepConnected(backend, {
    trace,
    use: async (frontEnd) => {
      await pci.attach(frontEnd);
      attached.emit(true);
      void frontEnd.closed.then(() => attached.emit(false));
    },
  });
  try {
    const server = await serveFunction(socket, pci, { trace, ...(faults && { faults }) });
    return {
      pci,
      socket,
      lost: keeper.done,
      attached,
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

export interface Device {
  /** Of the backend that runs now, or ran last. */
  readonly vmmci: Vmmci;
  readonly host: Host;
  readonly clock: ClockHolder;
  readonly socket: string;
  readonly pci: PciFunction;
  /** The vfio-user socket, for QEMU. */
  readonly functionSocket: string;
  /** For the messages on both sockets. */
  readonly faults: FaultEngine;
  /** Hears of every decision to end the VM, whichever backend makes it. */
  onKill(listener: (kill: Kill) => void): () => void;
  /** Ends the backend; resolves when the function knows. Its registers read as all ones from then on. */
  stopBackend(): Promise<void>;
  /** Starts a backend after `stopBackend`; resolves when the function uses it. The clock goes on. */
  startBackend(options?: Pick<BackendOptions, 'features'>): Promise<void>;
  close(): Promise<void>;
}

export type DeviceOptions = Omit<BackendOptions, 'faults'> & Pick<FunctionOptions, 'stale' | 'slot'>;

const next = (event: Pick<Signal<boolean>, 'on'>, wanted: boolean): Promise<void> =>
  new Promise((resolve) => {
    const stop = event.on((value) => {
      if (value !== wanted) return;
      stop();
      resolve();
    });
  });

/** Backend and function, with sockets in `directory`, which is made if need be. */
export const startDevice = async (directory: string, options: DeviceOptions): Promise<Device> => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'backend.sock');
  const killed = signal<Kill>();
  const faults = new FaultEngine({ jumpClock: (us) => backend.clock.shift(us) });
  const make = async (more: Partial<BackendOptions>): Promise<Backend> => {
    const made = await startBackend(path, { ...options, ...more, faults });
    made.host.onKill((kill) => killed.emit(kill));
    return made;
  };
  let backend = await make({});
  try {
    const served = await startFunction(join(directory, 'function.sock'), {
      ...options,
      backend: path,
      faults,
    });
    return {
      get vmmci() {
        return backend.vmmci;
      },
      get host() {
        return backend.host;
      },
      get clock() {
        return backend.clock;
      },
      socket: path,
      pci: served.pci,
      functionSocket: served.socket,
      faults,
      onKill: killed.on,
      stopBackend: async () => {
        const gone = next(served.attached, false);
        await backend.close();
        await gone;
      },
      startBackend: async (more = {}) => {
        const there = next(served.attached, true);
        backend = await make({ clock: backend.clock, ...more });
        await there;
      },
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
