// ttyS0: the guest's log, read greedily from the start. Whatever is awaited of the guest is awaited here, so that a kernel panic or
// the end of QEMU ends the wait at once.

import type { Readable } from 'node:stream';
import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import { describeExit, endedByGuest, isExpected, type QemuExit } from '../qemu/exit.js';
import { lineSplitter } from './lines.js';
import { findSplats } from './splats.js';
import { realTimers, type Timers } from './timers.js';

export interface ConsoleLine {
  /** Milliseconds on the host's monotonic clock. */
  at: number;
  text: string;
}

export interface WaitOptions {
  /** What is waited for, as a noun: it completes "no … within 3000 ms". */
  what: string;
  /** On a machine with nothing else to do; on a busy one it is longer. */
  timeoutMs: number;
}

interface Wait {
  what: string;
  fail(error: Error): void;
}

/** How far back a panic's beginning is looked for. */
const traceLength = 150;

/** How many lines an error shows. */
const shown = 20;

/** Milliseconds that a panic has to print the rest of itself; with panic=-1 the reset comes sooner. */
const panicGrace = 500;

const panicPattern = /Kernel panic - not syncing: .*/;

export interface ConsoleOptions {
  stream: Readable;
  exit: Promise<QemuExit>;
  /** Resolves when the host lets the machine down. Every wait ends with that error then. */
  hostFailure?: Promise<HarnessError> | undefined;
  timers?: Timers;
  /** Gets `console` events: {line}. */
  trace?: TraceSink;
}

export class Console {
  readonly #lines: ConsoleLine[] = [];
  readonly #timers: Timers;
  readonly #waits = new Set<Wait>();
  readonly #listeners = new Set<(line: ConsoleLine) => void>();
  #panic: string | undefined;
  #exit: QemuExit | undefined;
  /** What ends every wait from now on. */
  #end: ((what: string) => HarnessError) | undefined;

  constructor({ stream, exit, hostFailure, timers = realTimers, trace = noTrace }: ConsoleOptions) {
    this.#timers = timers;
    const splitter = lineSplitter((text) => {
      trace({ kind: 'console', line: text });
      this.#line({ at: timers.now(), text });
    });
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => splitter.feed(text));
    void hostFailure?.then((failure) => this.abandon(failure));
    void exit.then((ended) => {
      splitter.end();
      this.#exit = ended;
      this.#finish((what) => this.#exitError(ended, what));
    });
  }

  get lines(): readonly ConsoleLine[] {
    return this.#lines;
  }

  /** The line that comes next, for `waitFor({from})`. */
  get cursor(): number {
    return this.#lines.length;
  }

  /** The panic message, once there was one. */
  get panic(): string | undefined {
    return this.#panic;
  }

  /** The last `count` lines. */
  tail(count = shown): string {
    return this.#lines
      .slice(-count)
      .map(({ text }) => text)
      .join('\n');
  }

  /** Calls back for each later line until the returned function is called. */
  onLine(listener: (line: ConsoleLine) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * The first line at or after `from` (the start, if not given) that matches, and the cursor behind it.
   * GUEST_TIMEOUT, GUEST_PANIC, GUEST_EXIT (the guest went down) or QEMU_EXIT (QEMU did).
   */
  waitFor(
    pattern: RegExp,
    { from = 0, ...options }: WaitOptions & { from?: number },
  ): Promise<{ line: ConsoleLine; match: RegExpExecArray; cursor: number }> {
    const once = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    const found = (index: number) => {
      const line = this.#lines[index];
      const match = line && once.exec(line.text);
      return line && match ? { line, match, cursor: index + 1 } : undefined;
    };
    for (let index = from; index < this.#lines.length; index += 1) {
      const hit = found(index);
      if (hit) return Promise.resolve(hit);
    }
    let stop = (): void => {};
    const later = new Promise<NonNullable<ReturnType<typeof found>>>((resolve) => {
      stop = this.onLine(() => {
        const hit = this.#lines.length > from ? found(this.#lines.length - 1) : undefined;
        if (hit) resolve(hit);
      });
    });
    return this.guard(later, options).finally(stop);
  }

  /** `promise`, unless its time is up, the guest panics, or QEMU ends first: same errors as `waitFor`. */
  guard<T>(promise: Promise<T>, { what, timeoutMs }: WaitOptions): Promise<T> {
    const ms = this.#timers.timeoutUnderLoad(timeoutMs);
    return new Promise<T>((resolve, reject) => {
      const settle = (act: () => void): void => {
        timer.cancel();
        this.#waits.delete(wait);
        act();
      };
      const wait: Wait = { what, fail: (error) => settle(() => reject(error)) };
      const timer = this.#timers.after(ms, () =>
        wait.fail(new HarnessError('GUEST_TIMEOUT', { what, ms, lines: this.tail() })),
      );
      this.#waits.add(wait);
      promise.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
      // A promise that is settled already still wins: its reaction runs before this one.
      if (this.#end) void Promise.resolve().then(() => this.#end && wait.fail(this.#end(what)));
    });
  }

  /** Ends every wait, now and from now on, with `error`: the guest will do nothing more that is worth waiting for. */
  abandon(error: HarnessError): void {
    this.#finish(() => error);
  }

  /**
   * How the machine ended, for callers that expect it to. GUEST_PANIC if that was a panic, GUEST_TIMEOUT if it lives on, QEMU_EXIT
   * if neither the guest nor the harness ended it.
   */
  async waitExit(options: WaitOptions): Promise<QemuExit> {
    try {
      return await this.guard(new Promise<never>(() => {}), options);
    } catch (error) {
      if (this.#exit !== undefined && this.#panic === undefined && isExpected(this.#exit)) return this.#exit;
      throw error;
    }
  }

  #line(line: ConsoleLine): void {
    this.#lines.push(line);
    for (const listener of this.#listeners) listener(line);
    const panic = this.#panic === undefined ? panicPattern.exec(line.text)?.[0] : undefined;
    if (panic === undefined) return;
    this.#panic = panic;
    this.#timers.after(panicGrace, () => this.#finish((what) => this.#panicError(panic, what)));
  }

  #finish(end: (what: string) => HarnessError): void {
    this.#end ??= end;
    for (const wait of [...this.#waits]) wait.fail(this.#end(wait.what));
  }

  /** The last lines of a panic are register values: what led to it comes first. */
  #panicError(panic: string, what: string): HarnessError {
    const recent = this.#lines.slice(-traceLength).map(({ text }) => text);
    const [first] = findSplats(recent);
    const end = this.tail();
    const cause = first === undefined || end.includes(first.line) ? [] : [...first.context, '…'];
    return new HarnessError('GUEST_PANIC', { what, panic, lines: [...cause, end].join('\n') });
  }

  #exitError(exit: QemuExit, what: string): HarnessError {
    const how = describeExit(exit);
    if (this.#panic !== undefined) return this.#panicError(this.#panic, what);
    if (endedByGuest(exit)) return new HarnessError('GUEST_EXIT', { how, what, lines: this.tail() });
    return new HarnessError('QEMU_EXIT', { how, what, stderr: exit.stderr, lines: this.tail() });
  }
}
