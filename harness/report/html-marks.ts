// Verdicts on the page: a mark that needs no colour, a word, and a time.
import type { Verdict } from '../run/result.js';

const marks: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '✗ failed',
  broken: '⚠ broken',
  skipped: '– skipped',
};

interface Outcome {
  readonly verdict: Verdict;
  readonly seconds: number;
  readonly cached?: boolean;
  readonly retried: readonly string[];
}

/** `✓ 2.5 s`, `✓ cached`, `✗ failed`, `✓ 2.5 s ↻ retried`. */
export const markOf = ({ verdict, seconds, cached, retried }: Outcome): string => {
  const time = verdict !== 'passed' ? '' : cached ? ' cached' : ` ${seconds.toFixed(1)} s`;
  return `${marks[verdict]}${time}${retried.length > 0 ? ' ↻ retried' : ''}`;
};

/** `✗ failed`, and for those that passed `✓ passed`. */
export const wordOf = (verdict: Verdict): string =>
  verdict === 'passed' ? `${marks.passed} passed` : marks[verdict];
