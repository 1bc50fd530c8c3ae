// Assertions of a scenario. Each is about one requirement and reports the expected value, the value seen, and
// the part of the trace.

import { isDeepStrictEqual } from 'node:util';
import { counted, shorten } from '../base/text.js';
import type { Trace, TraceData } from '../base/trace.js';
import { formatEvents } from '../diagnosis/format-event.js';
import { counts, type Level, type RequirementId, requirements } from '../diagnosis/requirements.js';
import { show } from '../diagnosis/show.js';
import { diffLines } from '../driver/transcript-diff.js';
import type { Assertions } from './reporter.js';

/**
 * The subject of a check: a requirement of the driver; `driver` for a promise of this driver alone; or
 * `device` for the part of the harness that emulates vmd. A failed check of the device is not the fault of
 * the driver.
 */
export type Subject = RequirementId | 'driver' | 'device';

export interface Checks {
  /** Requires that `seen` equals `expected`. `format` shows both, for example as instants. */
  equal<T>(what: string, seen: T, expected: T, format?: (value: NonNullable<T>) => string): void;
  /** Requires that `holds` is true. A failure shows `expected`, in words, and the value `seen`. */
  that(what: string, holds: boolean, expected: string, seen: unknown): void;
  /** Requires that `seen` lies in the range, ends included. `format` shows all three. */
  between(
    what: string,
    seen: bigint,
    range: { readonly from: bigint; readonly to: bigint },
    format?: (value: bigint) => string,
  ): void;
  /** Requires the same lines in the same order. A failure shows the difference. */
  lines(what: string, seen: readonly string[], expected: readonly string[]): void;
  /** Reports a check that cannot be made here, with the reason. The verdict does not change. */
  skip(what: string, reason: string): void;
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

/** Maximum length of the seen value in an event of the trace. */
const maxSeen = 500;

/** The seen number and its range. Both ends are equal if only one number is right. */
type Numbers = NonNullable<TraceData<'check'>['numbers']>;

const numbersOf = (seen: unknown, { from, to }: { from: unknown; to: unknown }): Numbers | undefined =>
  typeof seen === 'bigint' && typeof from === 'bigint' && typeof to === 'bigint'
    ? { from, to, seen }
    : undefined;

/** A check as it is reported. */
interface Report {
  readonly what: string;
  readonly holds: boolean;
  readonly expected: string;
  readonly seen: string;
  /** Both values as numbers, if the check is about one number. */
  readonly numbers?: Numbers | undefined;
  /** The lines for a passed and for a failed check. */
  readonly passed: string;
  readonly failed: string;
}

const shownElsewhere = new Set(['console', 'shell', 'check']);

/** A failure shows protocol traffic only: console lines, shell commands and other checks appear elsewhere. */
const isTraffic = (kind: string): boolean => !shownElsewhere.has(kind);

const resultOf = (subject: Subject, holds: boolean, line: Level): CheckResult => {
  if (holds) return 'ok';
  return subject === 'device' || subject === 'driver' || counts(requirements[subject].level, line)
    ? 'not ok'
    : 'advice';
};

/** The events of the trace that a failed check shows, and where they are in the trace. */
interface EventRange {
  readonly since: number;
  readonly to: number;
}

const describeRange = ({ since, to }: EventRange): string =>
  to - since <= 1 ? `trace #${since}` : `trace #${since} to #${to - 1}`;

const trafficIn = (trace: Trace, { since, to }: EventRange): string[] =>
  formatEvents(
    trace.since(since).filter(({ seq, kind }) => seq < to && isTraffic(kind)),
    maxEvents,
  );

/** What is compared by a check, without the lines that report it. */
type Comparison = Omit<Report, 'passed' | 'failed'>;

const comparisonReport = (comparison: Comparison, range: EventRange): Report => {
  const { what, expected, seen } = comparison;
  return {
    ...comparison,
    passed: `${what}: ${seen}`,
    failed: `${what}: expected ${expected}, seen ${seen} (${describeRange(range)})`,
  };
};

/** The report of two lists of lines, and the lines that differ. */
const linesReport = (
  what: string,
  seen: readonly string[],
  expected: readonly string[],
): { report: Report; difference: string[] } => {
  const lines = diffLines(expected, seen);
  const count = lines.filter(({ mark }) => mark !== ' ').length;
  const difference = lines.slice(0, maxDifference).map(({ mark, text }) => `${mark} ${text}`);
  if (lines.length > maxDifference) difference.push(`… and ${lines.length - maxDifference} more lines`);
  const report = {
    what,
    holds: count === 0,
    expected: `${expected.length} lines`,
    seen: difference.filter((line) => !line.startsWith('  ')).join('; '),
    passed: `${what}: ${counted(seen.length, 'line')} as expected`,
    failed: `${what}: ${count} lines differ (- expected, + seen)`,
  };
  return { report, difference };
};

export const checksFor = (
  reporter: Assertions,
  trace: Trace,
  { level, onFailure, onAdvice }: CheckOptions,
): Check => {
  let from = trace.mark;

  /** Reports one check; `detail` is for a failure. */
  const report = (
    subject: Subject,
    { what, holds, passed, failed, expected, seen, numbers }: Report,
    detail: () => Record<string, unknown>,
  ): void => {
    const result = resultOf(subject, holds, level);
    const difference = holds ? {} : { expected, seen: shorten(seen, maxSeen), numbers };
    trace.sink({ kind: 'check', result, what, requirement: subject, ...difference });
    from = trace.mark;
    if (result === 'ok') reporter.pass(passed);
    else if (result === 'advice') {
      onAdvice(failed);
      reporter.pass(`advice: ${failed}`);
    } else {
      reporter.fail(failed, { requirement: subject, ...detail(), at: null, stack: '' });
      onFailure(subject, failed);
    }
  };

  const judge = (subject: Subject, comparison: Comparison): void => {
    const range = { since: from, to: trace.mark };
    const { expected, seen } = comparison;
    report(subject, comparisonReport(comparison, range), () => ({
      expected,
      seen,
      trace: trafficIn(trace, range),
    }));
  };

  return (subject) => ({
    equal: (what, seen, expected, format = show) =>
      judge(subject, {
        what,
        holds: isDeepStrictEqual(seen, expected),
        expected: shown(format, expected),
        seen: shown(format, seen),
        numbers: numbersOf(seen, { from: expected, to: expected }),
      }),
    that: (what, holds, expected, seen) => judge(subject, { what, holds, expected, seen: show(seen) }),
    between: (what, seen, { from, to }, format = show) =>
      judge(subject, {
        what,
        holds: from <= seen && seen <= to,
        expected: `${format(from)} to ${format(to)}`,
        seen: format(seen),
        numbers: { from, to, seen },
      }),
    lines: (what, seen, expected) => {
      const { report: compared, difference } = linesReport(what, seen, expected);
      report(subject, compared, () => ({ difference }));
    },
    skip: (what, reason) => {
      reporter.pass(what, { skip: reason });
    },
  });
};
