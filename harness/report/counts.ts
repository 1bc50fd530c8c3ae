// Counts verdicts, and derives the exit status from the counts.

import { isBad, type Verdict, verdicts } from '../run/verdict.js';
import type { Report } from './model.js';

export type Counts = Readonly<Record<Verdict, number>>;

export const countVerdicts = (judged: readonly { readonly verdict: Verdict }[]): Counts => {
  const counts = { passed: 0, failed: 0, broken: 0, skipped: 0 };
  for (const { verdict } of judged) counts[verdict] += 1;
  return counts;
};

/** Counts bad steps too: a driver that does not build is a failure, although none of its scenarios ran. */
export const countReport = ({ kernels, cells }: Pick<Report, 'kernels' | 'cells'>): Counts =>
  countVerdicts([...cells, ...kernels.flatMap(({ steps }) => steps.filter(isBad))]);

/** `12 passed, 1 failed, 5 skipped`; zero counts are shown for passed and failed only. */
export const renderCounts = (counts: Counts): string =>
  verdicts
    .filter((verdict) => counts[verdict] > 0 || verdict === 'passed' || verdict === 'failed')
    .map((verdict) => `${counts[verdict]} ${verdict}`)
    .join(', ');

/**
 * 0: at least one passed, none is bad. 1: the driver failed. 3: harness, host or QEMU broke, or nothing ran.
 */
export const statusOfCounts = ({ failed, broken, passed }: Counts): number => {
  if (failed > 0) return 1;
  return broken > 0 || passed === 0 ? 3 : 0;
};

export const exitStatusOf = (report: Pick<Report, 'kernels' | 'cells'>): number =>
  statusOfCounts(countReport(report));
