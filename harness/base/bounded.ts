// Text made to fit for people: cut lines, folded repetitions, and lists that say how much they leave out.
import { shorten } from './text.js';

/** `1432` as `1,432`. */
export const groupDigits = (count: number, separator = ','): string =>
  String(count).replace(/\B(?=(\d{3})+$)/g, separator);

/** Items that follow each other `times` times. */
export interface Run<T> {
  readonly items: readonly T[];
  readonly times: number;
}

/** Longest sequence whose repetition is noticed. */
const maxPeriod = 8;

/** Fewer repetitions are as short when they are written out. */
const minTimes = 3;

const repetitions = <T>(items: readonly T[], from: number, period: number): number => {
  let end = from + period;
  while (end < items.length && items[end] === items[end - period]) end += 1;
  return Math.floor((end - from) / period);
};

/** Cuts a list into what repeats and what does not (`times` 1), by ===. */
export const foldRuns = <T>(items: readonly T[]): Run<T>[] => {
  const runs: Run<T>[] = [];
  let single: T[] = [];
  const flush = (): void => {
    if (single.length > 0) runs.push({ items: single, times: 1 });
    single = [];
  };
  let at = 0;
  while (at < items.length) {
    let best = { period: 1, times: 1 };
    for (let period = 1; period <= maxPeriod && at + period <= items.length; period++) {
      const times = repetitions(items, at, period);
      if (times >= minTimes && times * period > best.times * best.period) best = { period, times };
    }
    const chunk = items.slice(at, at + best.period);
    if (best.times === 1) single.push(...chunk);
    else {
      flush();
      runs.push({ items: chunk, times: best.times });
    }
    at += best.period * best.times;
  }
  flush();
  return runs;
};

/** Lines that repeat, once, with how often: `a × 1,432`, or the lines and `↑ these 2 lines × 700`. */
export const foldLines = (lines: readonly string[]): string[] =>
  foldRuns(lines).flatMap(({ items, times }) => {
    if (times === 1) return [...items];
    if (items.length === 1) return [`${items[0]} × ${groupDigits(times)}`];
    return [...items, `↑ these ${items.length} lines × ${groupDigits(times)}`];
  });

/** `… 1,432 more lines` */
export const moreLines = (missing: number): string =>
  `… ${groupDigits(missing)} more ${missing === 1 ? 'line' : 'lines'}`;

/** The first lines, each cut; more than `maxLines` end with how many are missing. */
export const fitLines = (
  lines: readonly string[],
  { maxLines, maxLength }: { readonly maxLines: number; readonly maxLength: number },
): string[] => {
  const shown = lines.length > maxLines ? lines.slice(0, Math.max(0, maxLines - 1)) : lines;
  const missing = lines.length - shown.length;
  return [...shown, ...(missing === 0 ? [] : [moreLines(missing)])].map((line) => shorten(line, maxLength));
};

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** A part may be made only when it is its turn: parts that cannot fit any more are never made. */
export type Part = string | (() => string);

/**
 * As many of the parts, in order, as fit into `maxBytes` of UTF-8, joined. If not all do, the last part is `more` with
 * how many are missing; it is within the limit too.
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
  /** How many may stay if the rest does not fit. */
  let safe = 0;
  for (const part of parts) {
    const text = typeof part === 'string' ? part : part();
    size += bytesOf(text) + (shown.length === 0 ? 0 : gap);
    if (size > maxBytes) return [...shown.slice(0, safe), more(parts.length - safe)].join(separator);
    shown.push(text);
    if (size + reserve <= maxBytes) safe = shown.length;
  }
  return shown.join(separator);
};
