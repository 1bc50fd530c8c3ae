// The mark of a cell or a step in the grids of the reports.

import { isBad, type Verdict, verdictWord } from '../run/verdict.js';

/** A cell or a step. */
export interface Judged {
  readonly verdict: Verdict;
  readonly seconds: number;
  readonly cached?: boolean;
  readonly retried: readonly string[];
}

/** `ok 2.5`, `FAILED`, `skipped`, `ok 2.5 (retried)`; empty without a cell. */
export const terminalMark = (judged: Judged | undefined): string => {
  if (judged === undefined) return '';
  const { verdict, seconds, retried } = judged;
  const word = verdict === 'passed' ? `ok ${seconds.toFixed(1)}` : verdictWord[verdict];
  return retried.length > 0 ? `${word} (retried)` : word;
};

/** `ok`, `**FAILED**`, `skipped`, `ok (retried)`; empty without a cell. */
export const markdownMark = (judged: Judged | undefined): string => {
  if (judged === undefined) return '';
  const { verdict, retried } = judged;
  const word = verdict === 'passed' ? 'ok' : verdictWord[verdict];
  return `${isBad(judged) ? `**${word}**` : word}${retried.length > 0 ? ' (retried)' : ''}`;
};

/** Recognizable without colour: a sign, and for all but `passed` a word. */
const signs: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '✗ failed',
  broken: '⚠ broken',
  skipped: '– skipped',
};

/** `✓ 2.5 s`, `✓ cached`, `✗ failed`, `✓ 2.5 s ↻ retried`. */
export const htmlMark = ({ verdict, seconds, cached, retried }: Judged): string => {
  const time = verdict !== 'passed' ? '' : cached ? ' cached' : ` ${seconds.toFixed(1)} s`;
  return `${signs[verdict]}${time}${retried.length > 0 ? ' ↻ retried' : ''}`;
};

/** `✗ failed`, `✓ passed`. */
export const htmlWord = (verdict: Verdict): string =>
  verdict === 'passed' ? `${signs.passed} passed` : signs[verdict];
