// vmd's RTC emulation looks at the host's clock once a second and asks the guest to set its own after a
// forward jump (vmd mc146818.c 1.18 … 1.34). It is the only source of SYNCRTC: there is no periodic one.

import type { DeviceClock } from '../vmmci/clock.js';
import { secondsOf } from '../vmmci/instant.js';
import type { Scheduler, Timer } from '../vmmci/scheduler.js';

/** Milliseconds between two looks. */
export const TICK_MS = 1_000;

/** The whole seconds that may pass between two looks without a SYNCRTC. */
export const JUMP_SECONDS = 5n;

/**
 * `jumped` is told how many whole seconds passed from one look to the next, when they are more than
 * JUMP_SECONDS.
 */
export class ClockWatch {
  readonly #clock: Pick<DeviceClock, 'now'>;
  readonly #scheduler: Scheduler;
  readonly #jumped: (seconds: bigint) => void;
  #seen: bigint;
  #timer: Timer | undefined;

  constructor(clock: Pick<DeviceClock, 'now'>, scheduler: Scheduler, jumped: (seconds: bigint) => void) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#jumped = jumped;
    this.#seen = this.#seconds();
  }

  /** Looks again a second from now; what passed since the last look before `stop` is seen then. */
  start(): void {
    this.#timer ??= this.#scheduler.after(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Forgets what was seen: a new VM process starts from the present. */
  restart(): void {
    this.stop();
    this.#seen = this.#seconds();
    this.start();
  }

  #seconds(): bigint {
    return secondsOf(this.#clock.now());
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#seconds();
    const passed = now - this.#seen;
    this.#seen = now;
    if (passed > JUMP_SECONDS) this.#jumped(passed);
    this.start();
  }
}
