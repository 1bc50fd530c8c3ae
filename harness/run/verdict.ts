// The four verdicts: what they mean, in which order people read them, which is worse, and the word that shows each.
import { codeOf, HarnessError } from '../base/errors.js';

/** In the order in which they are listed for people. */
export const verdicts = ['passed', 'failed', 'broken', 'skipped'] as const;

/** `failed`: the driver under test is wrong. `broken`: harness, host or QEMU are. `skipped`: not run, with a reason. */
export type Verdict = (typeof verdicts)[number];

/** From harmless to worst: a broken harness proves nothing about the driver. */
const severity: Readonly<Record<Verdict, number>> = { passed: 0, skipped: 1, failed: 2, broken: 3 };

/** Positive if `left` is worse than `right`, negative if it is better: sorts the worst last. */
export const compareSeverity = (left: Verdict, right: Verdict): number => severity[left] - severity[right];

export const worse = (left: Verdict, right: Verdict): Verdict =>
  compareSeverity(left, right) >= 0 ? left : right;

/** Somebody has to look at it. */
export const isBad = ({ verdict }: { readonly verdict: Verdict }): boolean =>
  verdict === 'failed' || verdict === 'broken';

/** The verdict that an error means. What is not one of ours is a defect of the harness. */
export const verdictOf = (error: unknown): Verdict => {
  const code = codeOf(error);
  if (code === 'DRIVER_LACKS' || code === 'KERNEL_LACKS') return 'skipped';
  return error instanceof HarnessError && error.blame === 'failed' ? 'failed' : 'broken';
};

/** In a table of plain text: what needs attention is in capitals. */
export const verdictWord: Readonly<Record<Verdict, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  broken: 'BROKEN',
  skipped: 'skipped',
};
