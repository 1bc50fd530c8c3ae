// Assertions of a scenario. Each is about one requirement and reports the expected value, the value seen, and the
// part of the trace.

import { isDeepStrictEqual } from 'node:util';
import type { Trace } from '../base/trace.js';
import { formatEvent } from '../diagnosis/format-event.js';
import { counts, type Level, type RequirementId, requirements } from '../diagnosis/requirements.js';
import { show } from '../diagnosis/show.js';
import { diffLines } from '../driver/transcript-diff.js';

/** The part of a tap test that is used. */
export interface Reporter {
  pass(message: string): unknown;
  fail(message: string, extra: Record<string, unknown>): unknown;
}

/**
 * The subject of a check: a requirement of the driver; `driver` for a promise of this driver alone; or `device` for
 * the part of the harness that emulates vmd. A failed check of the device is not the fault of the driver.
 */
export type Subject = RequirementId | 'driver' | 'device';

export interface Checks {
  /** Requires that `seen` equals `expected`. `format` shows both, for example as instants. */
  equal<T>(what: string, seen: T, expected: T, format?: (value: NonNullable<T>) => string): void;
  /** Requires that `holds` is true. A failure shows `expected`, in words, and the value `seen`. */
  that(what: string, holds: boolean, expected: string, seen: unknown): void;
  /** Requires the same lines in the same order. A failure shows the difference. */
  lines(what: string, seen: readonly string[], expected: readonly string[]): void;
}

/** Returns the checks for one subject. */
export type Check = (subject: Subject) => Checks;

/** The result of a check. `advice` does not change the verdict. */
export type CheckResult = 'ok' | 'not ok' | 'advice';

export interface CheckOptions {
  /** The lowest level of requirements that fails a scenario. */
  readonly level: Level;
  /** Called with the line of each failed check. The scenario continues, to show as much as it can. */
  readonly onFailure: (subject: Subject, line: string) => void;
  /** Called with the line of each check that gives advice. */
  readonly onAdvice: (line: string) => void;
}

/** Formats a value. `null` and `undefined` are shown without the format. */
const shown = <T>(format: (value: NonNullable<T>) => string, value: T): string =>
  value === null || value === undefined ? show(value) : format(value);

/** The maximum number of trace events, and of lines of a difference, in a failure. */
const maxEvents = 12;
const maxDifference = 40;

const shownElsewhere = new Set(['console', 'shell', 'check']);

/** A failure shows protocol traffic only: console lines, shell commands and other checks appear elsewhere. */
const isTraffic = (kind: string): boolean => !shownElsewhere.has(kind);

const resultOf = (subject: Subject, holds: boolean, line: Level): CheckResult => {
  if (holds) return 'ok';
  return subject === 'device' || subject === 'driver' || counts(requirements[subject].level, line)
    ? 'not ok'
    : 'advice';
};

export const checksFor = (
  reporter: Reporter,
  trace: Trace,
  { level, onFailure, onAdvice }: CheckOptions,
): Check => {
  let from = trace.mark;

  /** Reports one check. `detail` gets the range of events since the previous check, for a failure. */
  const report = (
    subject: Subject,
    { what, holds, passed, failed }: { what: string; holds: boolean; passed: string; failed: string },
    detail: (since: number, to: number) => Record<string, unknown>,
  ): void => {
    const result = resultOf(subject, holds, level);
    const [since, to] = [from, trace.mark];
    trace.sink({ kind: 'check', result, what, requirement: subject });
    from = trace.mark;
    if (result === 'ok') reporter.pass(passed);
    else if (result === 'advice') {
      onAdvice(failed);
      reporter.pass(`advice: ${failed}`);
    } else {
      onFailure(subject, failed);
      reporter.fail(failed, { requirement: subject, ...detail(since, to), at: null, stack: '' });
    }
  };

  const judge = (subject: Subject, what: string, holds: boolean, expected: string, seen: string): void => {
    const [since, to] = [from, trace.mark];
    const where = to === since ? `trace #${to}` : `trace #${since} to #${to - 1}`;
    report(
      subject,
      {
        what,
        holds,
        passed: `${what}: ${seen}`,
        failed: `${what}: expected ${expected}, seen ${seen} (${where})`,
      },
      (since, to) => ({
        expected,
        seen,
        trace: trace
          .since(since)
          .filter(({ seq, kind }) => seq < to && isTraffic(kind))
          .slice(-maxEvents)
          .map(formatEvent),
      }),
    );
  };

  return (subject) => ({
    equal: (what, seen, expected, format = show) =>
      judge(subject, what, isDeepStrictEqual(seen, expected), shown(format, expected), shown(format, seen)),
    that: (what, holds, expected, seen) => judge(subject, what, holds, expected, show(seen)),
    lines: (what, seen, expected) => {
      const difference = diffLines(expected, seen);
      const count = difference.filter(({ mark }) => mark !== ' ').length;
      const shown = difference.slice(0, maxDifference).map(({ mark, text }) => `${mark} ${text}`);
      if (difference.length > maxDifference)
        shown.push(`… and ${difference.length - maxDifference} more lines`);
      report(
        subject,
        {
          what,
          holds: count === 0,
          passed: `${what}: ${seen.length} as expected`,
          failed: `${what}: ${count} lines differ (- expected, + seen)`,
        },
        () => ({ difference: shown }),
      );
    },
  });
};
