// The whole device side in one process: vmd's host behavior, the backend and the PCI function, connected by
// the same two sockets that separate daemons would use.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceSink } from '../base/trace.js';
import { FaultEngine } from '../faults/engine.js';
import type { FaultHook } from '../faults/hook.js';
import { hostNow } from '../host/clock.js';
import { PciFunction } from '../pci/function.js';
import type { StalePolicy } from '../pci/stale.js';
import { closeFd, signalEventFd, withdrawEventFd } from '../socket/descriptor.js';
import { serveFunction } from '../vfio-user/listen.js';
import { keepConnected } from '../vhost-user/keep-connected.js';
import { listenBackend } from '../vhost-user/listen.js';
import { Host, type Kill } from '../vmd/host.js';
import { type ClockHolder, clockHolder, type DeviceClock, parseClock } from '../vmmci/clock.js';
import { Vmmci } from '../vmmci/device.js';
import { defaultGeneration, type GenerationName, generations } from '../vmmci/generations.js';
import { realScheduler, type Scheduler } from '../vmmci/scheduler.js';
import { type Signal, signal } from '../vmmci/signal.js';
import { resolveClock } from './clock-spec.js';

export type { FunctionState, PciFunction } from '../pci/function.js';

export interface BackendOptions {
  /** Emulate the vmd of this OpenBSD release (default: the newest). */
  readonly generation?: GenerationName | undefined;
  /** The offered features (default: those of the generation). */
  readonly features?: number | undefined;
  /** A clock, or its specification as on the command line (default: the host's clock). */
  readonly clock?: string | DeviceClock | undefined;
  /** Runs the host's timers and its clock watch (default: the timers of this process). */
  readonly scheduler?: Scheduler | undefined;
  /**
   * Scales vmd's timers that end a VM, in milliseconds, so that a guest with a slow kernel has the time that
   * it needs (default: not scaled, as in vmd).
   */
  readonly killTimeout?: ((ms: number) => number) | undefined;
  /** Receives the events of the device. */
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

/** Listens at `socket` with a vmmci backend and vmd's behavior around it. */
export const startBackend = async (
  socket: string,
  {
    generation: name = defaultGeneration,
    features = generations[name].features,
    clock: spec = 'running',
    scheduler = realScheduler(),
    killTimeout = (ms) => ms,
    trace,
    faults,
  }: BackendOptions,
): Promise<Backend> => {
  const generation = { ...generations[name], features };
  const clock = clockHolder(typeof spec === 'string' ? parseClock(resolveClock(spec), hostNow) : spec);
  const killScheduler: Scheduler = {
    now: () => scheduler.now(),
    after: (ms, run) => scheduler.after(killTimeout(ms), run),
  };
  const vmmci = new Vmmci({ generation, clock, scheduler: killScheduler, trace });
  const listener = await listenBackend(socket, vmmci, { trace, ...(faults && { faults }) });
  const host = new Host({ device: vmmci, generation, clock, scheduler, killScheduler, trace });
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
  /** The value of a read where no register starts (default: `repeat`, as on vmd). */
  readonly stale?: StalePolicy | undefined;
  /** The slot that the function would have in vmd, regardless of its slot in QEMU (default: 4). */
  readonly slot?: number | undefined;
  readonly trace: TraceSink;
  readonly faults?: FaultHook | undefined;
  /**
   * Take back a signal that the client has not read when the line is low again (default: no). For guests:
   * VFIO has no such operation, but see docs/device.md for what QEMU does with a late signal.
   */
  readonly takesBackSignals?: boolean | undefined;
  /**
   * Called with a message for people when the backend behaves unexpectedly and the function works around it.
   */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface ServedFunction {
  readonly pci: PciFunction;
  readonly socket: string;
  /** Rejects when the backend is gone for good. */
  readonly lost: Promise<void>;
  /** Emits true when a backend is attached and false when it is gone. */
  readonly attached: Pick<Signal<boolean>, 'on'>;
  close(): Promise<void>;
}

/** Listens at `socket` with the PCI function, in front of a backend that must already be listening. */
export const startFunction = async (
  socket: string,
  {
    backend,
    generation: name = defaultGeneration,
    stale = 'repeat',
    slot,
    trace,
    faults,
    takesBackSignals = false,
    warn,
  }: FunctionOptions,
): Promise<ServedFunction> => {
  const withdraw = takesBackSignals ? { withdraw: withdrawEventFd } : {};
  const eventfds = { signal: signalEventFd, close: closeFd, ...withdraw };
  const pci = new PciFunction({ generation: generations[name], eventfds, stale, slot, trace, warn });
  const attached = signal<boolean>();
  const connection = await keepConnected(backend, {
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
      lost: connection.done,
      attached,
      close: async () => {
        connection.close();
        await server.close();
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
};

export interface Device {
  /** Belongs to the current backend, or to the last one. */
  readonly vmmci: Vmmci;
  /** What vmd does around the device. */
  readonly host: Host;
  /** The host's clock, which the device shows. */
  readonly clock: ClockHolder;
  /** @internal */
  readonly socket: string;
  /** The PCI function that the guest sees. */
  readonly pci: PciFunction;
  /** The vfio-user socket, for QEMU. */
  readonly functionSocket: string;
  /** Injects faults into the messages on both sockets. */
  readonly faults: FaultEngine;
  /** Calls `listener` for every decision to end the VM, regardless of which backend makes it. */
  onKill(listener: (kill: Kill) => void): () => void;
  /** Ends the backend. Resolves when the function knows; from then on its registers read as all ones. */
  stopBackend(): Promise<void>;
  /** Starts another backend after `stopBackend`. Resolves when the function uses it. The clock continues. */
  startBackend(options?: Pick<DeviceOptions, 'features'>): Promise<void>;
  /** @internal */
  close(): Promise<void>;
}

export interface DeviceOptions
  extends Omit<BackendOptions, 'faults'>,
    Pick<FunctionOptions, 'stale' | 'slot'> {}

const nextValue = (event: Pick<Signal<boolean>, 'on'>, expected: boolean): Promise<void> =>
  new Promise((resolve) => {
    const stop = event.on((value) => {
      if (value !== expected) return;
      stop();
      resolve();
    });
  });

/** Starts backend and function, with sockets in `directory`, which is created if necessary. */
export const startDevice = async (directory: string, options: DeviceOptions): Promise<Device> => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'backend.sock');
  const killed = signal<Kill>();
  const faults = new FaultEngine({ jumpClock: (us) => backend.clock.shift(us) });
  const make = async (overrides: Partial<BackendOptions>): Promise<Backend> => {
    const made = await startBackend(path, { ...options, ...overrides, faults });
    made.host.onKill((kill) => killed.emit(kill));
    return made;
  };
  let backend = await make({});
  try {
    const served = await startFunction(join(directory, 'function.sock'), {
      ...options,
      backend: path,
      faults,
      takesBackSignals: true,
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
        const detached = nextValue(served.attached, false);
        await backend.close();
        await detached;
      },
      startBackend: async (overrides = {}) => {
        const attached = nextValue(served.attached, true);
        backend = await make({ clock: backend.clock, ...overrides });
        await attached;
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
