// The four verdicts: their meaning, order, severity, and the words that tables show.

import { codeOf, HarnessError } from '../base/errors.js';

/** In the order in which reports list them. */
export const verdicts = ['passed', 'failed', 'broken', 'skipped'] as const;

/**
 * `failed`: the driver is wrong. `broken`: a problem of the harness, the host or QEMU. `skipped`: not run,
 * with a reason.
 */
export type Verdict = (typeof verdicts)[number];

/** `broken` is the worst, because such a run proves nothing about the driver. */
const severity: Readonly<Record<Verdict, number>> = { passed: 0, skipped: 1, failed: 2, broken: 3 };

/** Positive if `left` is worse than `right`, negative if it is better; sorts the worst last. */
export const compareSeverity = (left: Verdict, right: Verdict): number => severity[left] - severity[right];

export const worse = (left: Verdict, right: Verdict): Verdict =>
  compareSeverity(left, right) >= 0 ? left : right;

/** True if somebody must look at the result. */
export const isBad = ({ verdict }: { readonly verdict: Verdict }): boolean =>
  verdict === 'failed' || verdict === 'broken';

/** The verdict for an error. Any error other than a HarnessError is a bug in the harness. */
export const verdictOf = (error: unknown): Verdict => {
  const code = codeOf(error);
  if (code === 'DRIVER_LACKS' || code === 'KERNEL_LACKS') return 'skipped';
  return error instanceof HarnessError && error.blame === 'failed' ? 'failed' : 'broken';
};

/** The word for plain-text tables; capitals draw attention. */
export const verdictWord: Readonly<Record<Verdict, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  broken: 'BROKEN',
  skipped: 'skipped',
};
