// Decides from the scenario results whether a seeded bug was caught, and whether its cause was named.

import { firstLine } from '../base/text.js';
import type { SeededBug } from './seeded-bug.js';

/** The part of a scenario's result that the decision needs. */
export interface ScenarioSummary {
  readonly scenario: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** The causes that were found. */
  readonly causes?: readonly { readonly id: string }[] | undefined;
}

/**
 * `caught`: a scenario that the bug names failed. `caught elsewhere`: only other scenarios failed, so the bug
 * names the wrong ones. `survived`: all scenarios passed. `broken`: a scenario was broken or did not run.
 */
export type SeededStatus = 'caught' | 'caught elsewhere' | 'survived' | 'broken';

/**
 * `right`: only causes that the bug expects were named, and at least one of them, or none of a bug that
 * expects none. `missing`: no cause was named. `wrong`: a cause was named that the bug does not expect.
 */
export type Naming = 'right' | 'missing' | 'wrong';

export interface SeededResult {
  readonly bug: string;
  readonly status: SeededStatus;
  /** The scenario that decided the status; empty if no single one did. */
  readonly by: string;
  /** The first failed check, or the reason for the status. */
  readonly line: string;
  /** The causes that were named in any of the scenarios. */
  readonly causes: readonly string[];
  /** The causes that the bug expects. */
  readonly expected: readonly string[];
  readonly naming: Naming;
  readonly seconds: number;
}

export const namingOf = (named: readonly string[], expected: readonly string[]): Naming => {
  if (named.some((id) => !expected.includes(id))) return 'wrong';
  return named.length > 0 || expected.length === 0 ? 'right' : 'missing';
};

/** A broken or skipped scenario proves nothing, so it never counts as a catch. */
export const judgeBug = (
  { name, caughtBy, causes: expected }: Pick<SeededBug, 'name' | 'caughtBy' | 'causes'>,
  scenarios: readonly ScenarioSummary[],
  seconds: number,
): SeededResult => {
  const failed = scenarios.filter(({ verdict }) => verdict === 'failed');
  const named = failed.find(({ scenario }) => caughtBy.includes(scenario));
  const inconclusive = scenarios.find(({ verdict }) => verdict === 'broken' || verdict === 'skipped');
  const missing = caughtBy.find((name) => scenarios.every(({ scenario }) => scenario !== name));
  const causes = [...new Set(failed.flatMap(({ causes = [] }) => causes.map(({ id }) => id)))];
  const result = (
    status: SeededStatus,
    summary?: ScenarioSummary,
    line = firstLine(summary?.reasons[0]),
  ): SeededResult => ({
    bug: name,
    status,
    by: summary?.scenario ?? '',
    line,
    causes,
    expected,
    naming: namingOf(causes, expected),
    seconds,
  });
  if (named) return result('caught', named);
  if (inconclusive) return result('broken', inconclusive);
  if (missing !== undefined) return result('broken', undefined, `scenario ${missing} left no result`);
  const other = failed[0];
  if (other) return result('caught elsewhere', other);
  return result('survived', undefined, `${caughtBy.join(', ')} did not fail`);
};
