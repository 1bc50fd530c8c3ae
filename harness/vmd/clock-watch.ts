// vmd's RTC emulation reads the host's clock once a second and sends SYNCRTC after a forward jump (vmd
// mc146818.c 1.18 … 1.34). It is the only source of SYNCRTC; there is no periodic one.

import type { DeviceClock } from '../vmmci/clock.js';
import { secondsOf } from '../vmmci/instant.js';
import type { Scheduler, Timer } from '../vmmci/scheduler.js';

/** Milliseconds between two reads of the clock. */
const TICK_MS = 1_000;

/** The largest number of whole seconds between two reads that does not cause a SYNCRTC. */
const JUMP_SECONDS = 5n;

/** Calls `jumped` with the whole seconds between two reads if they are more than JUMP_SECONDS. */
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

  /** Reads the clock again a second from now. That read compares with the last one before `stop`. */
  start(): void {
    this.#timer ??= this.#scheduler.after(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Starts from the present, as a new VM process does. */
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
