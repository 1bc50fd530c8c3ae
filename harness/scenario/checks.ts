// Assertions, each about one requirement: what was expected, what was seen, and where in the trace.

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
 * What a check is about: a requirement of the driver; `driver` for what only the author of that driver asks of it; or `device`, the
 * part of the harness that stands for vmd. What does not hold of the device is no fault of the driver.
 */
export type Subject = RequirementId | 'driver' | 'device';

export interface Checks {
  /** `seen` is exactly `expected`. `format` shows both, for example as instants (default: `show`). */
  equal<T>(what: string, seen: T, expected: T, format?: (value: NonNullable<T>) => string): void;
  /** `holds`; `expected` says in words what would have, `seen` what was there in its place. */
  that(what: string, holds: boolean, expected: string, seen: unknown): void;
  /** The same lines in the same order; else the difference is shown as one. */
  lines(what: string, seen: readonly string[], expected: readonly string[]): void;
}

/** Gives the checks for one subject. */
export type Check = (subject: Subject) => Checks;

/** What becomes of a check: `advice` does not change the verdict. */
export type CheckResult = 'ok' | 'not ok' | 'advice';

export interface CheckOptions {
  /** The lowest level that fails a scenario. */
  readonly level: Level;
  /** Is told the line of each check that does not hold and counts. The checks go on: one guest shows as much as it can. */
  readonly onFailure: (subject: Subject, line: string) => void;
  /** Is told the line of each check that does not hold and is advice. */
  readonly onAdvice: (line: string) => void;
}

/** A value of another type than its format wants, such as null where an instant was expected, is shown as it is. */
const shown = <T>(format: (value: NonNullable<T>) => string, value: T): string =>
  value === null || value === undefined ? show(value) : format(value);

/** How many events of the trace a failure shows, and how many lines of a difference. */
const maxEvents = 12;
const maxDifference = 40;

const shownElsewhere = new Set(['console', 'shell', 'check']);

/** Protocol traffic is what a failure is about; console lines, shell commands and other checks are shown elsewhere. */
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

  /** Reports one check. `detail` is shown of one that fails, and is given the events since the check before. */
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
