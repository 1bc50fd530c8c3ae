// `scenario(name, options, body)`: one behaviour asserted in a guest of its own, with everything set up and cleared away.

import { join, resolve } from 'node:path';
import t from 'tap';
import { messageOf } from '../base/thrown.js';
import { Trace, type TraceEvent } from '../base/trace.js';
import { type Device, type DeviceOptions, startDevice } from '../device/device.js';
import { assertHealthy, readKernelLog } from '../guest/kernel-log.js';
import { findSplats } from '../guest/splats.js';
import { artifactDirectory, writeArtifacts } from '../run/artifacts.js';
import { type Environment, openEnvironment } from '../run/environment.js';
import { type Verdict, verdictOf, worse } from '../run/verdict.js';
import { privateDirectory } from '../socket/private-directory.js';
import type { DeviceClock } from '../vmmci/clock.js';
import type { GenerationName } from '../vmmci/generations.js';
import type { Scheduler } from '../vmmci/scheduler.js';
import { type Checks, checksFor } from './checks.js';
import { Driver, type NextReading } from './driver.js';
import { holdings, leftovers } from './leftovers.js';
import type { MachineOptions } from './machine.js';
import { isTimeRead } from './traffic.js';
import { functionAddress, startVm, type Vm } from './vm.js';

export interface ScenarioOptions extends MachineOptions {
  /** `distro`: Debian with systemd, the driver installed in it; its modules are loaded at boot. Default: our own small guest. */
  readonly guest?: 'initramfs' | 'distro';
  /** A clock, or one as the command line writes it. Default: the host's. */
  readonly clock?: string | DeviceClock;
  readonly generation?: GenerationName;
  /** What the device offers in place of the generation's features. */
  readonly features?: number;
  /** What the host's timers and its watch on the clock run on. Default: real time. The guest's time is always its own. */
  readonly scheduler?: Scheduler;
  /** `loaded` (default), `installed` where modprobe finds it, or `absent`. */
  readonly driver?: 'loaded' | 'installed' | 'absent';
  /** Parameters of the driver when it is loaded. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Parameters too, but only as far as the driver has them. */
  readonly wishes?: Readonly<Record<string, string>>;
  /** The driver looks at the command only when it is interrupted, as far as it can be told so. */
  readonly quiet?: boolean;
  /** `restored` (default): from the snapshot, function plugged in. `cold`: the function is there from power-on. */
  readonly boot?: 'restored' | 'cold';
  /** `false`: the scenario plugs the function in by itself. */
  readonly plugged?: boolean;
  /** The data disk holds an ext4. */
  readonly disk?: boolean;
}

export interface Scene {
  readonly check: Checks;
  readonly vm: Vm;
  readonly device: Device;
  readonly driver: Driver;
  readonly trace: Trace;
  readonly environment: Environment;
  /**
   * The first event of that kind from `mark` on that fits, or the one after `times` of them, now or later. GUEST_TIMEOUT
   * when there is none in 10 s, GUEST_EXIT or GUEST_PANIC at once when the guest goes down first.
   */
  until(
    kind: string,
    mark: number,
    fits?: (event: TraceEvent) => boolean,
    times?: number,
  ): Promise<TraceEvent>;
  /** A second device with a trace of its own, to be plugged in by the scenario. */
  another(options?: Omit<DeviceOptions, 'trace'>): Promise<{ device: Device; trace: Trace }>;
}

/** Far beyond what any scenario takes: only a defect of the harness gets here, every wait has its own limit. */
const limitMs = 300_000;

/** Many times what the driver takes for anything, also on a busy host. */
const eventMs = 10_000;

let opened: Promise<Environment> | undefined;

/** Runs `step`, and keeps what it throws: all of a teardown is tried, whatever fails. */
const attempt = async (step: () => unknown, failed: (error: unknown) => void): Promise<void> => {
  try {
    await step();
  } catch (error) {
    failed(error);
  }
};

t.setTimeout(limitMs);

/**
 * Declares a scenario. `name` is also that of its artifacts. When the body is done and the guest still there, the driver is unloaded: it
 * must leave nothing behind, and the kernel log must be clean.
 */
export const scenario = (
  name: string,
  options: ScenarioOptions,
  body: (scene: Scene) => Promise<void>,
): void => {
  // A scenario file is the main module of its process. (A stack names its TypeScript source where source maps are on.)
  const file = resolve(process.argv[1] ?? '');
  void t.test(name, { timeout: limitMs }, async (t) => {
    const begin = performance.now();
    opened ??= openEnvironment();
    const environment = await opened;
    const {
      generation = environment.generation,
      clock,
      driver: want = 'loaded',
      boot = 'restored',
    } = options;
    const trace = new Trace();
    const place = privateDirectory();
    const sockets = join(place.path, 'sockets');
    const reasons: string[] = [];
    let verdict: Verdict = 'passed';
    const failed = (error: unknown): void => {
      const bad = verdictOf(error);
      verdict = worse(verdict, bad);
      const line = bad === 'broken' ? `BROKEN, not the driver: ${messageOf(error)}` : messageOf(error);
      reasons.push(line);
      if (bad === 'skipped') t.pass(name, { skip: line });
      else t.fail(line, { found: error instanceof Error ? error.stack : undefined, at: null, stack: '' });
    };
    const check = checksFor(t, trace, (line) => {
      verdict = worse(verdict, 'failed');
      reasons.push(line);
    });

    const devices: Device[] = [];
    const start = async (options: DeviceOptions): Promise<Device> => {
      const device = await startDevice(join(sockets, String(devices.length)), options);
      devices.push(device);
      return device;
    };
    let vm: Vm | undefined;
    let dmesg: readonly string[] = [];
    await attempt(async () => {
      const { features, scheduler } = options;
      const device = await start({ generation, features, clock, scheduler, trace: trace.sink });
      const guest = options.guest ?? 'initramfs';
      vm = await startVm({
        guest,
        environment,
        device,
        sockets,
        directory: join(place.path, 'disks'),
        boot,
        generation,
        cpus: options.cpus,
        layout: options.layout,
        interrupts: options.interrupts,
        plugged: options.plugged ?? true,
        disk: options.disk ?? false,
        trace: trace.sink,
      });
      const { shell, console } = vm;
      const nextReading: NextReading = (timeoutMs) =>
        console.guard(trace.next('bar-read', trace.mark, isTimeRead), {
          what: 'reading of the time by the driver',
          timeoutMs,
        });
      const driver = new Driver(shell, environment.driver, { nextReading, trace: trace.sink });
      const parameters = {
        ...(options.quiet && driver.quiet),
        ...driver.having(options.wishes ?? {}),
        ...options.parameters,
      };
      // A distribution loads them at boot, and does other things meanwhile that a comparison would find.
      const own = guest === 'initramfs' && want !== 'absent';
      const before = own
        ? await holdings(shell, options.plugged === false ? null : functionAddress)
        : undefined;
      if (own) await driver.install();
      if (own && want === 'loaded') await driver.load(parameters);
      const another: Scene['another'] = async (more = {}) => {
        const trace = new Trace();
        return { device: await start({ generation, ...more, trace: trace.sink }), trace };
      };
      const until: Scene['until'] = (kind, mark, fits = () => true, times = 1) => {
        let left = times;
        const event = trace.next(kind, mark, (event) => fits(event) && --left <= 0);
        const what = times === 1 ? `'${kind}' in the trace` : `'${kind}' in the trace, ${times} times`;
        return console.guard(event, { what, timeoutMs: eventMs });
      };
      await body({ check, vm, device, driver, trace, environment, until, another });
      const { lines } = console;
      if (vm.hasEnded() || vm.hasRestarted())
        assertHealthy({ splats: findSplats(lines.map(({ text }) => text)), taint: [] });
      if (!vm.hasEnded()) {
        if (before !== undefined && !vm.hasRestarted() && (await driver.unloadLoaded()).length > 0)
          check.equal('what the driver left behind', await leftovers(shell, before), []);
        const log = await readKernelLog(shell, boot === 'cold' || vm.hasRestarted() ? 'powerOn' : 'up');
        dmesg = log.lines;
        assertHealthy(log);
      }
    }, failed);
    await attempt(() => vm?.machine.kill(), failed);
    for (const device of devices) await attempt(() => device.close(), failed);
    const seconds = (performance.now() - begin) / 1000;
    await attempt(
      () =>
        writeArtifacts(
          environment,
          {
            scenario: name,
            verdict,
            reasons,
            remedied: trace
              .since(0, 'snapshot')
              .flatMap(({ error }) => (typeof error === 'string' ? [error] : [])),
            seconds: Math.round(seconds * 1000) / 1000,
            kernel: environment.kernel.release,
            generation,
            driver: environment.driver.name,
            qemu: environment.qemu.version,
            accelerator: environment.accelerator.name,
            nodeMiB: Math.round(process.resourceUsage().maxRSS / 1024),
            directory: artifactDirectory(environment, name),
          },
          { trace, console: vm?.console.lines ?? [], qemu: vm?.machine.argv ?? [], dmesg, file },
        ),
      failed,
    );
    place.remove();
    if (verdict !== 'passed') t.comment(`artifacts: ${artifactDirectory(environment, name)}`);
  });
};
