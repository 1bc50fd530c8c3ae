// What vmd(8) does around a device: vmctl's stop, pause and unpause, the watch on the host's clock, and the
// decisions that end a VM. It ends nothing itself; the owner of QEMU listens for `kill`.

import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { DeviceClock } from '../vmmci/clock.js';
import type { Request } from '../vmmci/commands.js';
import type { RequestResult, Vmmci } from '../vmmci/device.js';
import type { Generation } from '../vmmci/generations.js';
import type { Scheduler, Timer } from '../vmmci/scheduler.js';
import { signal } from '../vmmci/signal.js';
import { ClockWatch } from './clock-watch.js';
import { type Aftermath, afterGuestExit, type GuestExit } from './guest-exit.js';

/**
 * vmd ends the VM now. `outcome` is how: the VM process exits or crashes, its parent terminates the VM, or
 * the process gets the signal. SIGTERM may be followed by a `kill` with SIGKILL.
 */
export interface Kill {
  readonly reason:
    | 'no-driver'
    | 'ack-timeout'
    | 'graceful-timeout'
    | 'forced-stop'
    | 'service-timeout'
    | 'guest-exit';
  readonly outcome: 'exit' | 'crash' | 'terminate' | 'SIGTERM' | 'SIGKILL';
}

/** The time that rc(8) waits for vmd to stop before it kills what remains, in ms (vmd.8 1.12). */
const serviceStopMs = 30_000;

/**
 * `sent`: the guest got the command. `unchanged`: the command was already pending. `killed`: the VM ends
 * without notice to the guest.
 */
export type StopResult = 'sent' | 'unchanged' | 'killed';

export interface HostState {
  /** True after a stop: the VM ends at the next reset of the guest. */
  readonly stopping: boolean;
  /** True from `pause` to `unpause`. */
  readonly paused: boolean;
  /** The last decision to end the VM; `null` if there is none. */
  readonly kill: Kill | null;
}

export interface HostOptions {
  readonly device: Pick<Vmmci, 'command' | 'onExpiry' | 'onReset'>;
  readonly generation: Pick<Generation, 'forcedStopGraceMs'>;
  /** The host's clock, which the device shows. */
  readonly clock: Pick<DeviceClock, 'now'>;
  /** The scheduler of the watch on the host's clock. */
  readonly scheduler: Scheduler;
  /** The scheduler of the timers that end a VM (default: `scheduler`). */
  readonly killScheduler?: Scheduler | undefined;
  readonly trace?: TraceSink;
}

export class Host {
  readonly #device: HostOptions['device'];
  readonly #graceMs: number | null;
  readonly #scheduler: Scheduler;
  readonly #trace: TraceSink;
  readonly #watch: ClockWatch;
  readonly #killed = signal<Kill>();
  readonly #listening: readonly (() => void)[];
  #stopping = false;
  #paused = false;
  #sigkill: Timer | undefined;
  /** The timer that runs while vmd itself is being stopped. */
  #service: Timer | undefined;
  #kill: Kill | null = null;

  /** @internal */
  constructor({
    device,
    generation,
    clock,
    scheduler,
    killScheduler = scheduler,
    trace = noTrace,
  }: HostOptions) {
    this.#device = device;
    this.#graceMs = generation.forcedStopGraceMs;
    this.#scheduler = killScheduler;
    this.#trace = trace;
    this.#watch = new ClockWatch(clock, scheduler, (seconds) => {
      this.#trace({ kind: 'clock-jump', seconds });
      device.command('SYNCRTC'); // has no effect if the guest has not accepted SYNCRTC
    });
    this.#listening = [
      device.onExpiry(({ timer, outcome }) => this.#emit({ reason: `${timer}-timeout`, outcome })),
      device.onReset(() => this.#deviceReset()),
    ];
    this.#watch.start();
  }

  /**
   * `vmctl stop`, or with `force` `vmctl stop -f`. Throws STOP_IN_PROGRESS if the same stop is already in
   * progress.
   */
  stop({ force = false }: { force?: boolean } = {}): StopResult {
    if (force ? this.#sigkill !== undefined : this.#stopping) throw new HarnessError('STOP_IN_PROGRESS', {});
    this.#trace({ kind: 'stop', force });
    this.#stopping = true;
    if (force) return this.#force();
    const result = this.command('REBOOT');
    return result === 'unchanged' || result === 'sent' ? result : 'killed';
  }

  /**
   * `rcctl stop vmd`, or a shutdown of the host: the guest is stopped as by `stop`, and killed 30 s later,
   * even if the device's own timer gives it more time. Throws STOP_IN_PROGRESS.
   */
  stopService(): StopResult {
    const result = this.stop();
    if (result === 'killed') return result;
    this.#service = this.#scheduler.after(serviceStopMs, () => {
      this.#service = undefined;
      this.#emit({ reason: 'service-timeout', outcome: 'terminate' });
    });
    return result;
  }

  /** Sends a command to the guest. Without a driver, SHUTDOWN and REBOOT end the VM at once. */
  command(name: Request): RequestResult {
    const result = this.#device.command(name);
    if (result === 'no-driver' && name !== 'SYNCRTC') this.#emit({ reason: 'no-driver', outcome: 'exit' });
    return result;
  }

  /** `vmctl pause`: the watch stops. A timer that will end the VM goes on. */
  pause(): void {
    this.#trace({ kind: 'pause' });
    this.#paused = true;
    this.#watch.stop();
  }

  /** `vmctl unpause`: a second later the watch sees the length of the pause. */
  unpause(): void {
    this.#trace({ kind: 'unpause' });
    this.#paused = false;
    this.#watch.start();
  }

  /**
   * Reports that the guest ended by itself. `stop` comes with a `kill`; after `restart` the owner resets the
   * machine. @internal
   */
  guestExit(exit: GuestExit): Aftermath {
    const aftermath = afterGuestExit(exit, this.#stopping);
    this.#trace({ kind: 'guest-exit', exit, aftermath });
    if (aftermath === 'stop') this.#emit({ reason: 'guest-exit', outcome: 'exit' });
    return aftermath;
  }

  /** Starts over as a new VM process does: not stopping, not paused, the watch restarted. @internal */
  reset(): void {
    this.#cancelSigkill();
    this.#cancelService();
    this.#stopping = false;
    this.#paused = false;
    this.#kill = null;
    this.#watch.restart();
  }

  /** Stops all timers and listeners, because the VM is gone. @internal */
  close(): void {
    this.#cancelSigkill();
    this.#cancelService();
    this.#watch.stop();
    for (const end of this.#listening) end();
  }

  /**
   * Calls `listener` on each decision to end the VM, until the returned function is called. The owner of QEMU
   * then ends it.
   */
  onKill(listener: (kill: Kill) => void): () => void {
    return this.#killed.on(listener);
  }

  state(): HostState {
    return { stopping: this.#stopping, paused: this.#paused, kill: this.#kill };
  }

  /**
   * A machine reset comes from the guest, and ends the VM if a stop was issued. If the VM has already ended,
   * the reset starts a new one.
   */
  #deviceReset(): void {
    const ended = this.#kill !== null && this.#kill.outcome !== 'SIGTERM';
    if (this.#stopping && !ended) this.guestExit('reset');
    else this.reset();
  }

  #force(): StopResult {
    if (this.#graceMs === null) {
      this.#emit({ reason: 'forced-stop', outcome: 'terminate' });
      return 'killed';
    }
    this.#sigkill = this.#scheduler.after(this.#graceMs, () => {
      this.#sigkill = undefined;
      this.#emit({ reason: 'forced-stop', outcome: 'SIGKILL' });
    });
    this.#emit({ reason: 'forced-stop', outcome: 'SIGTERM' });
    return 'killed';
  }

  #cancelSigkill(): void {
    this.#sigkill?.cancel();
    this.#sigkill = undefined;
  }

  #cancelService(): void {
    this.#service?.cancel();
    this.#service = undefined;
  }

  #emit(kill: Kill): void {
    this.#cancelService();
    this.#kill = kill;
    this.#trace({ kind: 'kill', ...kill });
    this.#killed.emit(kill);
  }
}
