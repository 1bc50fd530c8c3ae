// The one timer of a VM process, which ends the VM: short until the guest acknowledges, long afterwards.

import type { TraceSink } from '../base/trace.js';
import type { Scheduler, Timer } from './scheduler.js';

export type TimerName = 'ack' | 'graceful';

/** A running timer, as `state` shows it. */
export interface TimerState {
  readonly name: TimerName;
  readonly remainingMs: number;
}

export class KillTimer {
  readonly #scheduler: Scheduler;
  readonly #trace: TraceSink;
  readonly #expired: (name: TimerName) => void;
  #running: { name: TimerName; timer: Timer } | undefined;

  constructor(scheduler: Scheduler, trace: TraceSink, expired: (name: TimerName) => void) {
    this.#scheduler = scheduler;
    this.#trace = trace;
    this.#expired = expired;
  }

  get pending(): boolean {
    return this.#running !== undefined;
  }

  /** Starts the timer; replaces a running one. */
  start(name: TimerName, ms: number): void {
    const event = this.pending ? 'restarted' : 'started';
    this.#running?.timer.cancel();
    this.#trace({ kind: 'timer', name, event, ms });
    const timer = this.#scheduler.after(ms, () => {
      this.#running = undefined;
      this.#trace({ kind: 'timer', name, event: 'expired', ms });
      this.#expired(name);
    });
    this.#running = { name, timer };
  }

  cancel(): void {
    if (this.#running === undefined) return;
    const { name, timer } = this.#running;
    timer.cancel();
    this.#running = undefined;
    this.#trace({ kind: 'timer', name, event: 'cancelled', ms: timer.remaining() });
  }

  /** The running timers: one or none. */
  state(): readonly TimerState[] {
    return this.#running === undefined
      ? []
      : [{ name: this.#running.name, remainingMs: Math.ceil(this.#running.timer.remaining()) }];
  }
}
