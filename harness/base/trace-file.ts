// A trace on disk. It keeps the beginning and the end, and counts the events between, so that a storm cannot
// fill the disk.

import { appendFileSync, closeSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { bigintReplacer } from './bigint-replacer.js';
import { HarnessError } from './errors.js';
import { makeDirectory } from './make-directory.js';
import { messageOf, systemCode } from './thrown.js';
import {
  isTraceKind,
  parseTraceLine,
  type TraceData,
  type TraceEvent,
  type TraceKind,
} from './trace-event.js';
import { writeAllSync } from './write-all.js';

export interface TraceFileLimits {
  /** Number of events kept at the beginning. */
  readonly head: number;
  /** Minimum number of events kept at the end; the maximum is twice as many. */
  readonly tail: number;
  /** Maximum number of events of rare kinds kept from the middle. */
  readonly rare: number;
  /** A kind is rare if a dropped part has at most so many events of it. */
  readonly rareInPart: number;
}

/** About 20 MB. The longest scenario without a storm has about 30,000 events. */
const defaultLimits: TraceFileLimits = { head: 60_000, tail: 60_000, rare: 20_000, rareInPart: 1_000 };

/** Limits of the write buffer: a killed process loses no more than this. */
const bufferBytes = 32_768;
const flushMs = 200;

/** The start of each line that `append` writes; counting an event needs no more. */
const lineStart = /^\{"seq":(\d+),"at":(\d+),"kind":"([\w-]+)"/;

/** One part of the trace, in order of `seq`. */
interface Part {
  readonly path: string;
  count: number;
}

/** The number of dropped events of each kind; the first and the last of them have these sequence numbers. */
export type Counted = Pick<TraceData<'counted'>, 'first' | 'last' | 'counts'>;

/**
 * Appends events to a file. While the trace is being written, its parts are in files beside `path`; `finish`
 * concatenates them. After a disk error nothing more is written, and every later query throws TRACE_WRITE.
 */
export class TraceFile {
  readonly path: string;
  readonly #limits: TraceFileLimits;
  readonly #head: Part;
  readonly #rare: Part;
  readonly #tails: readonly [Part, Part];
  readonly #counts = new Map<TraceKind, number>();
  #counted: { first: number; last: number; at: number } | undefined;
  #waiting = '';
  #current: Part;
  #failure: HarnessError | undefined;
  #fd: number;

  /** Creates the directory and the file. Throws TRACE_WRITE. */
  constructor(path: string, limits: TraceFileLimits = defaultLimits) {
    this.path = path;
    this.#limits = limits;
    this.#head = { path, count: 0 };
    this.#rare = { path: `${path}.rare`, count: 0 };
    this.#tails = [
      { path: `${path}.older`, count: 0 },
      { path: `${path}.newer`, count: 0 },
    ];
    this.#current = this.#head;
    try {
      makeDirectory(dirname(path));
      this.#fd = openSync(path, 'w');
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Does not throw disk errors: a register access of the guest must not fail because of a full disk. */
  append(event: TraceEvent): void {
    if (this.#failure !== undefined) return;
    this.#try(() => {
      const full = this.#current === this.#head ? this.#limits.head : this.#limits.tail;
      if (this.#current.count >= full) this.#nextPart();
      if (this.#waiting === '') setTimeout(() => this.#try(() => this.#flush()), flushMs).unref();
      this.#waiting += `${JSON.stringify(event, bigintReplacer)}\n`;
      this.#current.count += 1;
      if (this.#waiting.length >= bufferBytes) this.#flush();
    });
  }

  /** Writes the buffer, so that other processes can read it. */
  flush(): void {
    if (this.#failure === undefined) this.#try(() => this.#flush());
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * The events from `from` on, of one kind or all, oldest first. Throws TRACE_CUT if any of them was dropped,
   * since the answer would be incomplete.
   */
  since<Kind extends TraceKind = TraceKind>(from: number, kind?: Kind): TraceEvent<Kind>[] {
    this.flush();
    const cut = this.counted;
    if (cut !== undefined && from <= cut.last && (kind === undefined || cut.counts[kind] !== undefined)) {
      const { first, last } = cut;
      const counts = listOf(cut.counts);
      throw new HarnessError('TRACE_CUT', { what: kind ?? 'all events', from, first, last, counts });
    }
    const matches = (event: TraceEvent | undefined): event is TraceEvent<Kind> =>
      event !== undefined && event.seq >= from && (kind === undefined || event.kind === kind);
    const marker = kind === undefined ? '' : `"kind":"${kind}"`;
    return this.#parts()
      .filter(({ count }) => count > 0)
      .flatMap(({ path }) => readFileSync(path, 'utf8').split('\n'))
      .filter((line) => line.includes(marker))
      .map(parseTraceLine)
      .filter(matches);
  }

  /** All events that are kept, oldest first, with a gap where events were dropped. Throws TRACE_WRITE. */
  kept(): TraceEvent[] {
    this.flush();
    return this.#parts()
      .filter(({ count }) => count > 0)
      .flatMap(({ path }) => readFileSync(path, 'utf8').split('\n'))
      .flatMap((line) => parseTraceLine(line) ?? []);
  }

  /** The events that were dropped; `undefined` if there are none. */
  get counted(): Counted | undefined {
    if (this.#counted === undefined) return undefined;
    const { first, last } = this.#counted;
    return { first, last, counts: Object.fromEntries(this.#counts) };
  }

  /**
   * Concatenates the parts into one file and closes it. Throws TRACE_WRITE, also for an earlier disk error.
   */
  finish(): void {
    this.flush();
    this.#try(() => {
      closeSync(this.#fd);
      if (this.counted !== undefined) {
        const { first: seq, at } = this.#counted ?? { first: 0, at: 0 };
        appendFileSync(this.path, `${JSON.stringify({ seq, at, kind: 'counted', ...this.counted })}\n`);
      }
      for (const part of this.#parts().slice(1)) {
        const { path, count } = part;
        if (count > 0) appendFileSync(this.path, readFileSync(path));
        rmSync(path, { force: true });
        part.count = 0;
      }
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  #parts(): Part[] {
    return [this.#head, this.#rare, ...this.#tails];
  }

  #flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    writeAllSync(this.#fd, Buffer.from(text));
  }

  /** Starts the next part when the head or the newer tail is full. */
  #nextPart(): void {
    this.#flush();
    closeSync(this.#fd);
    const [older, newer] = this.#tails;
    if (this.#current === newer) {
      if (older.count > 0) this.#drop(older);
      renameSync(newer.path, older.path);
      older.count = newer.count;
    }
    newer.count = 0;
    this.#current = newer;
    this.#fd = openSync(newer.path, 'w');
  }

  /** Counts the events of a part that is dropped; keeps events of rare kinds up to the limit. */
  #drop({ path }: Part): void {
    const events = readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, seq, at, kind = ''] = lineStart.exec(line) ?? [];
        return isTraceKind(kind) ? [{ line, seq: Number(seq), at: Number(at), kind }] : [];
      });
    const countsInPart = new Map<TraceKind, number>();
    for (const { kind } of events) countsInPart.set(kind, (countsInPart.get(kind) ?? 0) + 1);
    const kept: string[] = [];
    for (const { line, kind, seq, at } of events) {
      if (
        (countsInPart.get(kind) ?? 0) <= this.#limits.rareInPart &&
        !this.#counts.has(kind) &&
        this.#rare.count < this.#limits.rare
      ) {
        kept.push(`${line}\n`);
        this.#rare.count += 1;
      } else {
        this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
        this.#counted = { first: seq, at, ...this.#counted, last: seq };
      }
    }
    appendFileSync(this.#rare.path, kept.join(''));
  }

  #try(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#failure = this.#failed(error);
    }
  }

  #failed(error: unknown): HarnessError {
    const errno = systemCode(error);
    if (errno === undefined) throw error;
    return new HarnessError('TRACE_WRITE', { path: this.path, reason: messageOf(error) }, error);
  }
}

const listOf = (counts: Counted['counts']): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
