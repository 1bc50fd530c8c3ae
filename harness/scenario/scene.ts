// The parts that the body of a scenario uses: a device, a guest that has it, and the driver in the guest.

import { join } from 'node:path';
import type { HarnessError } from '../base/errors.js';
import type { Trace, TraceEvent, TraceKind } from '../base/trace.js';
import { type Device, type DeviceOptions, startDevice } from '../device/device.js';
import type { Console } from '../guest/console.js';
import type { Environment } from '../run/environment.js';
import { type Before, readBefore, requireModules, requireRelease } from './before.js';
import type { Check } from './checks.js';
import { Driver } from './driver.js';
import { type Holdings, holdings } from './leftovers.js';
import { livelockWatch } from './livelock.js';
import type { ScenarioOptions } from './options.js';
import { isTimeRead } from './traffic.js';
import { startVm, type Vm } from './vm.js';

/** A device and its trace. */
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
   * Resolves with the first event of the kind since `mark` that matches, or with event number `times`.
   * Rejects with GUEST_TIMEOUT if there is none within 10 s, and GUEST_EXIT or GUEST_PANIC as soon as the
   * guest goes down.
   */
  until<Kind extends TraceKind>(
    kind: Kind,
    mark: number,
    accept?: (event: TraceEvent<Kind>) => boolean,
    times?: number,
  ): Promise<TraceEvent<Kind>>;
  /** Starts a second device with its own trace. The scenario plugs it in. */
  another(options?: Omit<DeviceOptions, 'trace'>): Promise<TracedDevice>;
}

/** The state of the guest before the body began, to compare with the state afterwards. */
export interface Baseline extends Before {
  /**
   * Absent if no comparison is possible: no driver is loaded, or a distribution does other work meanwhile.
   */
  readonly holdings?: Holdings;
  /** The position of the next console line. */
  readonly consoleCursor: number;
}

/** Far more than any action of a driver takes, even on a busy host, in milliseconds. */
const eventMs = 10_000;

/** The devices of one scenario, each in its own directory below `directory`. */
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

/** What is needed to start a guest with the driver. */
export interface GuestSetUp {
  readonly environment: Environment;
  readonly options: ScenarioOptions;
  readonly trace: Trace;
  readonly devices: Devices;
  /** The directory of this scenario, for sockets and disks. */
  readonly directory: string;
  readonly sockets: string;
  /** A directory that QEMU may write to. */
  readonly shared?: string | undefined;
  /** Called with the guest as soon as it exists, so that it can be ended in any case. */
  readonly onVm: (vm: Vm) => void;
}

export interface SceneSetUp extends GuestSetUp {
  readonly newTrace: () => Trace;
  readonly check: Check;
  /** Called with each livelock when it is found. */
  readonly onLivelock: (error: HarnessError) => void;
}

/** A guest with device and driver. */
export interface PreparedGuest {
  readonly device: Device;
  readonly vm: Vm;
  readonly driver: Driver;
  readonly baseline: Baseline;
}

const startGuest = async (
  { environment, options, trace, directory, sockets, shared, onVm }: GuestSetUp,
  device: Device,
): Promise<Vm> => {
  const { generation = environment.choice.generation, boot = 'restored' } = options;
  const vm = await startVm({
    guest: options.guest ?? 'initramfs',
    environment,
    device,
    sockets,
    shared,
    directory: join(directory, 'disks'),
    boot,
    generation,
    cpus: options.cpus,
    memory: options.memory,
    layout: options.layout,
    devices: options.devices,
    interrupts: options.interrupts,
    plugged: options.plugged ?? true,
    disk: options.disk ?? false,
    helpers: options.helpers,
    trace: trace.sink,
  });
  onVm(vm);
  return vm;
};

/** Ends all waits if the guest is in a livelock. */
const endLivelocks = (
  trace: Trace,
  console: Console,
  onLivelock: SceneSetUp['onLivelock'],
  of?: string,
): void => {
  const watch = livelockWatch(of);
  trace.follow((event) => {
    const livelock = watch(event);
    if (livelock === undefined) return;
    onLivelock(livelock);
    console.abandon(livelock);
  });
};

/** Loads the driver in the small guest as the options say. A distribution has already loaded it. */
const loadDriver = async (driver: Driver, options: ScenarioOptions): Promise<void> => {
  if ((options.driver ?? 'loaded') !== 'loaded') return;
  await driver.load({
    ...(options.quiet && driver.quiet),
    ...driver.having(options.optionalParameters ?? {}),
    ...(options.pollMs === undefined ? {} : driver.pollingEvery(options.pollMs)),
    ...options.parameters,
  });
};

/** Starts device and guest, notes what the guest is like, and installs the driver in it. */
export const prepareGuest = async (setUp: GuestSetUp): Promise<PreparedGuest> => {
  const { environment, options, trace, devices } = setUp;
  const { features, scheduler, clock, generation = environment.choice.generation } = options;
  // A scenario that controls the time checks the exact timeouts of vmd.
  const killTimeout = scheduler === undefined ? environment.timers.timeout : undefined;
  const device = await devices.start({
    generation,
    features,
    clock,
    scheduler,
    killTimeout,
    trace: trace.sink,
  });
  const vm = await startGuest(setUp, device);
  const { shell, console } = vm;
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
  // A distribution loads the driver before the flags can be read, so there every flag counts.
  const before = await readBefore(shell);
  requireRelease(before, environment.kernel.release);
  requireModules(before, environment.kernel.release);
  const own = options.guest !== 'distro' && options.driver !== 'absent';
  // This loads the kernel's modules that the driver needs. They stay loaded, so they must not count as
  // leftovers.
  if (own) await driver.install();
  const held = own ? await holdings(shell, options.plugged === false ? null : vm.address) : undefined;
  return {
    device,
    vm,
    driver,
    baseline: {
      ...before,
      ...(options.guest === 'distro' && { taint: 0 }),
      ...(held && { holdings: held }),
      consoleCursor,
    },
  };
};

/** The same, with the driver loaded, and what else the body of a scenario works with. */
export const setScene = async (setUp: SceneSetUp): Promise<{ scene: Scene; baseline: Baseline }> => {
  const { environment, options, trace, newTrace, check, devices } = setUp;
  const onVm = (vm: Vm): void => {
    setUp.onVm(vm);
    endLivelocks(trace, vm.console, setUp.onLivelock);
  };
  const { device, vm, driver, baseline } = await prepareGuest({ ...setUp, onVm });
  const { console } = vm;
  const { generation = environment.choice.generation } = options;
  if (options.guest !== 'distro') await loadDriver(driver, options);

  let number = 1;
  const another: Scene['another'] = async (more = {}) => {
    const trace = newTrace();
    number += 1;
    endLivelocks(trace, console, setUp.onLivelock, `device ${number}`);
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
  const until: Scene['until'] = (kind, mark, accept = () => true, times = 1) => {
    let left = times;
    const event = trace.next(kind, mark, (event) => accept(event) && --left <= 0);
    const what = times === 1 ? `'${kind}' in the trace` : `'${kind}' in the trace, ${times} times`;
    return console.guard(event, { what, timeoutMs: eventMs });
  };
  return { scene: { check, vm, device, driver, trace, environment, until, another }, baseline };
};
