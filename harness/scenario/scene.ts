// What the body of a scenario works with: a device, a guest that has it, and the driver in that guest.

import { join } from 'node:path';
import type { Trace, TraceEvent, TraceKind } from '../base/trace.js';
import { type Device, type DeviceOptions, startDevice } from '../device/device.js';
import type { Console } from '../guest/console.js';
import type { Environment } from '../run/environment.js';
import { type Before, readBefore, requireModules } from './before.js';
import type { Check } from './checks.js';
import { Driver } from './driver.js';
import { type Holdings, holdings } from './leftovers.js';
import { livelockWatch } from './livelock.js';
import type { ScenarioOptions } from './options.js';
import { isTimeRead } from './traffic.js';
import { startVm, type Vm } from './vm.js';

/** A device with a trace of its own. */
export interface TracedDevice {
  readonly device: Device;
  readonly trace: Trace;
}

export interface Scene {
  readonly check: Check;
  readonly vm: Vm;
  readonly device: Device;
  readonly driver: Driver;
  readonly trace: Trace;
  readonly environment: Environment;
  /**
   * The first event of that kind from `mark` on that fits, or the last of the first `times` of them, now or later. GUEST_TIMEOUT
   * when there is none in 10 s, GUEST_EXIT or GUEST_PANIC at once when the guest goes down first.
   */
  until<Kind extends TraceKind>(
    kind: Kind,
    mark: number,
    fits?: (event: TraceEvent<Kind>) => boolean,
    times?: number,
  ): Promise<TraceEvent<Kind>>;
  /** A second device with a trace of its own, to be plugged in by the scenario. */
  another(options?: Omit<DeviceOptions, 'trace'>): Promise<TracedDevice>;
}

/** What the guest was like before the body began, to be compared with what it is like afterwards. */
export interface Baseline extends Before {
  /** Absent where no comparison is possible: nothing is loaded, or a distribution does other things meanwhile. */
  readonly holdings?: Holdings;
  /** The console line that came next. */
  readonly consoleCursor: number;
}

/** Many times what the driver takes for anything, also on a busy host. */
const eventMs = 10_000;

/** The devices of one scenario, each in a directory of its own below `directory`. */
export class Devices {
  readonly #directory: string;
  readonly #started: Device[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(options: DeviceOptions): Promise<Device> {
    const device = await startDevice(join(this.#directory, String(this.#started.length)), options);
    this.#started.push(device);
    return device;
  }

  get all(): readonly Device[] {
    return this.#started;
  }
}

export interface Stage {
  readonly environment: Environment;
  readonly options: ScenarioOptions;
  readonly trace: Trace;
  readonly newTrace: () => Trace;
  readonly check: Check;
  readonly devices: Devices;
  /** Of this scenario alone; sockets and disks go below it. */
  readonly directory: string;
  readonly sockets: string;
  /** Is given the guest as soon as there is one, so that it is ended whatever comes after. */
  readonly onVm: (vm: Vm) => void;
}

const startGuest = async (
  { environment, options, trace, directory, sockets, onVm }: Stage,
  device: Device,
): Promise<Vm> => {
  const { generation = environment.choice.generation, boot = 'restored' } = options;
  const vm = await startVm({
    guest: options.guest ?? 'initramfs',
    environment,
    device,
    sockets,
    directory: join(directory, 'disks'),
    boot,
    generation,
    cpus: options.cpus,
    layout: options.layout,
    devices: options.devices,
    interrupts: options.interrupts,
    plugged: options.plugged ?? true,
    disk: options.disk ?? false,
    trace: trace.sink,
  });
  onVm(vm);
  return vm;
};

/** A guest that does the same over and over is not waited for. */
const endLivelocks = (trace: Trace, console: Console): void => {
  const watch = livelockWatch();
  trace.follow((event) => {
    const livelock = watch(event);
    if (livelock !== undefined) console.abandon(livelock);
  });
};

/** Loads the driver in our own small guest as the scenario wants it; a distribution has done it already. */
const loadDriver = async (driver: Driver, options: ScenarioOptions): Promise<void> => {
  if ((options.driver ?? 'loaded') !== 'loaded') return;
  await driver.load({
    ...(options.quiet && driver.quiet),
    ...driver.having(options.optionalParameters ?? {}),
    ...options.parameters,
  });
};

/** Starts device and guest, notes what the guest is like, and brings the driver into it. */
export const setScene = async (stage: Stage): Promise<{ scene: Scene; baseline: Baseline }> => {
  const { environment, options, trace, newTrace, check, devices } = stage;
  const { features, scheduler, clock, generation = environment.choice.generation } = options;
  // A scenario that passes the time itself asserts vmd's own numbers.
  const killTimeout = scheduler === undefined ? environment.timers.timeout : undefined;
  const device = await devices.start({
    generation,
    features,
    clock,
    scheduler,
    killTimeout,
    trace: trace.sink,
  });
  const vm = await startGuest(stage, device);
  const { shell, console } = vm;
  endLivelocks(trace, console);
  const driver = new Driver(shell, environment.driver, {
    address: vm.address,
    nextReading: (timeoutMs) =>
      console.guard(trace.next('bar-read', trace.mark, isTimeRead), {
        what: 'reading of the time by the driver',
        timeoutMs,
      }),
    trace: trace.sink,
  });

  const consoleCursor = options.guest === 'distro' ? 0 : console.cursor;
  // The driver is in a distribution before anybody can ask: each flag counts there.
  const before = await readBefore(shell);
  requireModules(before, environment.kernel.release);
  const own = options.guest !== 'distro' && options.driver !== 'absent';
  // It loads what the driver needs of the kernel, which stays: that is not held by the driver.
  if (own) await driver.install();
  const held = own ? await holdings(shell, options.plugged === false ? null : vm.address) : undefined;
  if (own) await loadDriver(driver, options);

  const another: Scene['another'] = async (more = {}) => {
    const trace = newTrace();
    endLivelocks(trace, console);
    return {
      device: await devices.start({
        generation,
        killTimeout: more.scheduler === undefined ? environment.timers.timeout : undefined,
        ...more,
        trace: trace.sink,
      }),
      trace,
    };
  };
  const until: Scene['until'] = (kind, mark, fits = () => true, times = 1) => {
    let left = times;
    const event = trace.next(kind, mark, (event) => fits(event) && --left <= 0);
    const what = times === 1 ? `'${kind}' in the trace` : `'${kind}' in the trace, ${times} times`;
    return console.guard(event, { what, timeoutMs: eventMs });
  };
  return {
    scene: { check, vm, device, driver, trace, environment, until, another },
    baseline: {
      ...before,
      ...(options.guest === 'distro' && { taint: 0 }),
      ...(held && { holdings: held }),
      consoleCursor,
    },
  };
};
