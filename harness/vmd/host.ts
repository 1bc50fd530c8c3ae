// What vmd(8) does around a device: vmctl's stop, pause and unpause, the watch on the host's clock, and the
// decisions that end a VM. It ends nothing by itself: whoever owns QEMU listens for `kill`.

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
 * vmd ends the VM, now. `outcome` is how: the VM process exits or crashes, its parent terminates the VM, or
 * the process gets the signal named; SIGTERM may be followed by a `kill` of SIGKILL.
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

/**
 * Milliseconds that rc(8) waits for vmd when it stops the service, before it ends what is left (vmd.8 1.12).
 */
const serviceStopMs = 30_000;

/**
 * `sent`: the guest was asked. `unchanged`: it was before. `killed`: the VM ends without a word to the guest.
 */
export type StopResult = 'sent' | 'unchanged' | 'killed';

export interface HostState {
  /** A stop was issued: the next reset of the guest is its last. */
  readonly stopping: boolean;
  readonly paused: boolean;
  /** The last decision to end the VM, null if none. */
  readonly kill: Kill | null;
}

export interface HostOptions {
  readonly device: Pick<Vmmci, 'command' | 'onExpiry' | 'onReset'>;
  readonly generation: Pick<Generation, 'forcedStopGraceMs'>;
  /** The host's clock, which is the device's. */
  readonly clock: Pick<DeviceClock, 'now'>;
  /** What the watch on the host's clock runs on. */
  readonly scheduler: Scheduler;
  /** What the timers that end a VM run on; `scheduler` when left out. */
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
  /** Runs while the whole of vmd is being stopped. */
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
      device.command('SYNCRTC'); // a guest that cannot take it is not asked, and vmd does not mind
    });
    this.#listening = [
      device.onExpiry(({ timer, outcome }) => this.#emit({ reason: `${timer}-timeout`, outcome })),
      device.onReset(() => this.#deviceReset()),
    ];
    this.#watch.start();
  }

  /**
   * `vmctl stop`, or with `force` `vmctl stop -f`. Throws STOP_IN_PROGRESS when the same was asked for
   * before.
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
   * `rcctl stop vmd`, or the host goes down: the guest is asked as by `stop`, and ended 30 s later, whatever
   * time the device's own timer gives it. Throws STOP_IN_PROGRESS.
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

  /** The VM process is told to send a command. SHUTDOWN or REBOOT without a driver end it at once. */
  command(name: Request): RequestResult {
    const result = this.#device.command(name);
    if (result === 'no-driver' && name !== 'SYNCRTC') this.#emit({ reason: 'no-driver', outcome: 'exit' });
    return result;
  }

  /** `vmctl pause`: the clock is not watched any more. A timer that will end the VM runs on. */
  pause(): void {
    this.#trace({ kind: 'pause' });
    this.#paused = true;
    this.#watch.stop();
  }

  /** `vmctl unpause`: a second later the watch sees how long the pause was. */
  unpause(): void {
    this.#trace({ kind: 'unpause' });
    this.#paused = false;
    this.#watch.start();
  }

  /** The guest ended by itself. `stop` comes with a `kill`; after `restart` the owner resets the machine. @internal */
  guestExit(exit: GuestExit): Aftermath {
    const aftermath = afterGuestExit(exit, this.#stopping);
    this.#trace({ kind: 'guest-exit', exit, aftermath });
    if (aftermath === 'stop') this.#emit({ reason: 'guest-exit', outcome: 'exit' });
    return aftermath;
  }

  /** A new VM process: nothing asked, not paused, the clock seen afresh. @internal */
  reset(): void {
    this.#cancelSigkill();
    this.#cancelService();
    this.#stopping = false;
    this.#paused = false;
    this.#kill = null;
    this.#watch.restart();
  }

  /** The VM is gone: nothing more happens, and no timer is left. @internal */
  close(): void {
    this.#cancelSigkill();
    this.#cancelService();
    this.#watch.stop();
    for (const end of this.#listening) end();
  }

  /** The owner of QEMU ends it on a `kill`. Returns what ends the listening. */
  onKill(listener: (kill: Kill) => void): () => void {
    return this.#killed.on(listener);
  }

  state(): HostState {
    return { stopping: this.#stopping, paused: this.#paused, kill: this.#kill };
  }

  /**
   * A machine reset is the guest's own, and its last if a stop was issued; or it is a new VM after the last
   * one ended.
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
