// Bounds text for people: shortens lines, folds repetitions, and truncates lists with a note of what is
// missing.

import { shortenMiddle } from './text.js';

/** `1432` as `1,432`. */
export const groupDigits = (count: number, separator = ','): string =>
  String(count).replace(/\B(?=(\d{3})+$)/g, separator);

/** A sequence of items that occurs `times` times in a row. */
export interface Repetition<T> {
  readonly items: readonly T[];
  readonly times: number;
}

interface FoldLimits {
  /** The longest sequence that is checked for repetition. */
  readonly maxPeriod: number;
  /** Fewer repetitions are not folded. */
  readonly minTimes: number;
}

/** Folding fewer than three repetitions would not make the text shorter. */
const defaultLimits: FoldLimits = { maxPeriod: 8, minTimes: 3 };

const countRepetitions = <T>(items: readonly T[], from: number, period: number): number => {
  let end = from + period;
  while (end < items.length && items[end] === items[end - period]) end += 1;
  return Math.floor((end - from) / period);
};

/** Splits a list into repeated sequences and the items between them (`times` is 1); compares items by ===. */
export const foldRepetitions = <T>(
  items: readonly T[],
  { maxPeriod, minTimes }: FoldLimits = defaultLimits,
): Repetition<T>[] => {
  const repetitions: Repetition<T>[] = [];
  let single: T[] = [];
  const flush = (): void => {
    if (single.length > 0) repetitions.push({ items: single, times: 1 });
    single = [];
  };
  let at = 0;
  while (at < items.length) {
    let best = { period: 1, times: 1 };
    for (let period = 1; period <= maxPeriod && at + period <= items.length; period++) {
      const times = countRepetitions(items, at, period);
      if (times >= minTimes && times * period > best.times * best.period) best = { period, times };
    }
    const chunk = items.slice(at, at + best.period);
    if (best.times === 1) single.push(...chunk);
    else {
      flush();
      repetitions.push({ items: chunk, times: best.times });
    }
    at += best.period * best.times;
  }
  flush();
  return repetitions;
};

/** Writes repeated lines once, with their count: `a × 1,432`, or the lines and `↑ these 2 lines × 700`. */
export const foldLines = (lines: readonly string[]): string[] =>
  foldRepetitions(lines).flatMap(({ items, times }) => {
    if (times === 1) return [...items];
    if (items.length === 1) return [`${items[0]} × ${groupDigits(times)}`];
    return [...items, `↑ these ${items.length} lines × ${groupDigits(times)}`];
  });

/** `… 1,432 more lines` */
export const moreLines = (missing: number): string =>
  `… ${groupDigits(missing)} more ${missing === 1 ? 'line' : 'lines'}`;

/**
 * Returns at most `maxLines` lines, each shortened in its middle: the next step and the position in the trace
 * are at its end. If some are left out, the last line says how many.
 */
export const fitLines = (
  lines: readonly string[],
  { maxLines, maxLength }: { readonly maxLines: number; readonly maxLength: number },
): string[] => {
  const shown = lines.length > maxLines ? lines.slice(0, Math.max(0, maxLines - 1)) : lines;
  const missing = lines.length - shown.length;
  return [...shown, ...(missing === 0 ? [] : [moreLines(missing)])].map((line) =>
    shortenMiddle(line, maxLength),
  );
};

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** A part of a text. A function is called only when its turn comes, never after the limit is reached. */
export type Part = string | (() => string);

/**
 * Joins as many of the parts, in order, as fit into `maxBytes` of UTF-8. If some do not fit, the text ends
 * with `more(number of missing parts)`, which counts toward the limit too.
 */
export const fitParts = (
  parts: readonly Part[],
  {
    maxBytes,
    separator = '\n',
    more,
  }: { maxBytes: number; separator?: string; more: (missing: number) => string },
): string => {
  const gap = bytesOf(separator);
  const reserve = bytesOf(more(parts.length)) + gap;
  const shown: string[] = [];
  let size = 0;
  /** The number of parts that still leave room for `more`. */
  let keepable = 0;
  for (const part of parts) {
    const text = typeof part === 'string' ? part : part();
    size += bytesOf(text) + (shown.length === 0 ? 0 : gap);
    if (size > maxBytes) return [...shown.slice(0, keepable), more(parts.length - keepable)].join(separator);
    shown.push(text);
    if (size + reserve <= maxBytes) keepable = shown.length;
  }
  return shown.join(separator);
};
