// Assertions that say what was expected, what was seen, and where in the trace.
import { isDeepStrictEqual } from 'node:util';
import type { Trace } from '../base/trace.js';
import { formatEvent } from '../diagnosis/format-event.js';
import { diffLines } from '../driver/transcript-diff.js';

/** The part of a tap test that is used. */
export interface Reporter {
  pass(message: string): unknown;
  fail(message: string, extra: Record<string, unknown>): unknown;
}

export interface Checks {
  /** `seen` is exactly `expected`. */
  equal<T>(what: string, seen: T, expected: T): void;
  /** `holds`; `expected` says in words what would have. */
  that(what: string, holds: boolean, expected: string, seen: unknown): void;
  /** The same lines in the same order; else the difference is shown as one. */
  lines(what: string, seen: readonly string[], expected: readonly string[]): void;
}

/** How many events of the trace a failure shows. */
const shown = 12;

/** Longest value, in characters, that the line of a check that holds tells as well. */
const wide = 60;

const text = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'bigint'
      ? String(value)
      : value === undefined
        ? 'nothing'
        : JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));

const toldElsewhere = new Set(['console', 'shell', 'check']);

/** Protocol traffic is what a failure is about; console lines, shell commands and other checks are told elsewhere. */
const isTraffic = (kind: string): boolean => !toldElsewhere.has(kind);

/** `onFailure` gets the line of each check that fails. The checks go on: one guest shows as much as it can. */
export const checksFor = (reporter: Reporter, trace: Trace, onFailure: (line: string) => void): Checks => {
  let from = trace.mark;
  /** A check is a step on the trace's clock, too. Gives the events since the check before: from, and up to before. */
  const note = (what: string, holds: boolean): [since: number, to: number] => {
    const span: [number, number] = [from, trace.mark];
    trace.sink({ kind: 'check', result: holds ? 'ok' : 'not ok', what });
    from = trace.mark;
    return span;
  };
  const judge = (what: string, holds: boolean, expected: string, seen: string): void => {
    const [since, to] = note(what, holds);
    if (holds) {
      reporter.pass(seen.length > wide ? what : `${what}: ${seen}`);
      return;
    }
    const events = trace.since(since).filter(({ seq, kind }) => seq < to && isTraffic(kind));
    const where = to === since ? `trace #${to}` : `trace #${since} to #${to - 1}`;
    const line = `${what}: expected ${expected}, seen ${seen} (${where})`;
    onFailure(line);
    reporter.fail(line, {
      expected,
      seen,
      trace: events.slice(-shown).map(formatEvent),
      at: null,
      stack: '',
    });
  };
  return {
    equal: (what, seen, expected) =>
      judge(what, isDeepStrictEqual(seen, expected), text(expected), text(seen)),
    that: (what, holds, expected, seen) => judge(what, holds, expected, text(seen)),
    lines: (what, seen, expected) => {
      const difference = diffLines(expected, seen);
      const count = difference.filter(({ mark }) => mark !== ' ').length;
      note(what, count === 0);
      if (count === 0) {
        reporter.pass(`${what}: ${seen.length}`);
        return;
      }
      const shown = difference.map(({ mark, text }) => `${mark} ${text}`);
      const line = `${what}: ${count} differ, - expected, + seen`;
      onFailure([line, ...shown].join('\n'));
      reporter.fail(line, { difference: shown, at: null, stack: '' });
    },
  };
};
