// ttyS0, the guest's log, read continuously from the start. Every wait for the guest goes through this class,
// so that a kernel panic or the end of QEMU ends the wait at once.

import type { Readable } from 'node:stream';
import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import { describeExit, endedByGuest, isExpected, type QemuExit } from '../qemu/exit.js';
import type { Timers } from '../qemu/timers.js';
import { lineSplitter } from './lines.js';
import { findSplats } from './splats.js';

export interface ConsoleLine {
  /** In milliseconds on the host's monotonic clock. */
  at: number;
  /** Without the end of the line. */
  text: string;
}

export interface WaitOptions {
  /** What is awaited, as a noun: it completes the message "no … within 3 s". */
  what: string;
  /**
   * The timeout in milliseconds on an idle host with an ordinary kernel. It is longer on a busy host and with
   * a slow kernel.
   */
  timeoutMs: number;
}

interface Wait {
  what: string;
  fail(error: Error): void;
}

/** The number of lines that are searched for the beginning of a panic. */
const maxTraceLines = 150;

/** The number of lines in an error message. */
const shownLines = 20;

/** Milliseconds to wait for the rest of a panic message. With panic=-1 the reset comes sooner. */
const panicGrace = 500;

const panicPattern = /Kernel panic - not syncing: .*/;

export interface ConsoleOptions {
  stream: Readable;
  exit: Promise<QemuExit>;
  /** Resolves if the host fails the machine. Every wait then ends with that error. */
  hostFailure?: Promise<HarnessError> | undefined;
  timers: Timers;
  /** Receives `console` events: {line}. */
  trace?: TraceSink;
}

export class Console {
  readonly #lines: ConsoleLine[] = [];
  readonly #timers: Timers;
  readonly #waits = new Set<Wait>();
  readonly #listeners = new Set<(line: ConsoleLine) => void>();
  #panic: string | undefined;
  #exit: QemuExit | undefined;
  /** Makes the error with which every wait ends from now on. */
  #end: ((what: string) => HarnessError) | undefined;

  /** @internal */
  constructor({ stream, exit, hostFailure, timers, trace = noTrace }: ConsoleOptions) {
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

  /** The index of the next line, for `waitFor({from})`. */
  get cursor(): number {
    return this.#lines.length;
  }

  /** The message of a kernel panic, if there was one. */
  get panic(): string | undefined {
    return this.#panic;
  }

  tail(count = shownLines): string {
    return this.#lines
      .slice(-count)
      .map(({ text }) => text)
      .join('\n');
  }

  /** Calls `listener` for each later line, until the returned function is called. */
  onLine(listener: (line: ConsoleLine) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Resolves with the first matching line at or after `from` (default: the start), and with the index after
   * it. Rejects with GUEST_TIMEOUT, GUEST_PANIC, GUEST_EXIT (the guest shut down) or QEMU_EXIT (QEMU ended).
   */
  waitFor(
    pattern: RegExp,
    { from = 0, ...options }: WaitOptions & { from?: number },
  ): Promise<{ line: ConsoleLine; match: RegExpExecArray; cursor: number }> {
    const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    const found = (index: number) => {
      const line = this.#lines[index];
      const match = line && stateless.exec(line.text);
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

  /**
   * Resolves with `promise`, unless it times out, the guest panics or QEMU ends first. Same errors as
   * `waitFor`.
   */
  guard<T>(promise: Promise<T>, { what, timeoutMs }: WaitOptions): Promise<T> {
    const ms = this.#timers.timeout(timeoutMs);
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
      // A promise that has already settled still wins, because its reaction runs first.
      if (this.#end) void Promise.resolve().then(() => this.#end && wait.fail(this.#end(what)));
    });
  }

  /**
   * Ends all waits, pending and later ones, with `error`: nothing that the guest does from now on matters.
   * @internal
   */
  abandon(error: HarnessError): void {
    this.#finish(() => error);
  }

  /**
   * Resolves with how the machine ended, for callers that expect the end. Rejects with GUEST_PANIC after a
   * panic, GUEST_TIMEOUT if the machine does not end, and QEMU_EXIT if neither the guest nor the harness
   * ended it.
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
    this.#timers.after(this.#timers.timeout(panicGrace), () =>
      this.#finish((what) => this.#panicError(panic, what)),
    );
  }

  #finish(end: (what: string) => HarnessError): void {
    this.#end ??= end;
    for (const wait of [...this.#waits]) wait.fail(this.#end(wait.what));
  }

  /** The last lines of a panic are only register values, so the message begins with the cause. */
  #panicError(panic: string, what: string): HarnessError {
    const recent = this.#lines.slice(-maxTraceLines).map(({ text }) => text);
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
