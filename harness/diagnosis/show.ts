// Formats values for the line of a check: short, with repetitions folded and control characters escaped.

import { foldRepetitions, groupDigits } from '../base/bounded.js';
import { printable, shorten } from '../base/text.js';

/** Maximum length of one value; the artifacts have the complete value. */
const maxLength = 160;

/** True for text that needs no quotes: it has no invisible characters and no space at its ends. */
const isPlain = (text: string): boolean => /^\S(.*\S)?$/.test(text) && printable(text) === text;

/** Joins items. Equal neighbours become one with their count: `SYNCRTC × 1,432`. */
const joinFolded = (items: readonly string[]): string =>
  foldRepetitions(items, { maxPeriod: 1, minTimes: 2 })
    .flatMap(({ items, times }) =>
      times === 1 ? items : items.map((item) => `${item} × ${groupDigits(times)}`),
    )
    .join(', ');

const format = (value: unknown): string => {
  if (value === undefined || value === null || value === '') return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(printable(value));
  if (Array.isArray(value)) return value.length === 0 ? 'none' : joinFolded(value.map(format));
  if (value instanceof Map)
    return format([...value].map(([key, inner]) => `${format(key)} ${format(inner)}`));
  if (value instanceof Set) return format([...value]);
  if (typeof value === 'object')
    return format(Object.entries(value).map(([key, inner]) => `${key} ${format(inner)}`));
  return String(value);
};

/** Formats one value in at most 160 characters. */
export const show = (value: unknown): string => shorten(format(value), maxLength);
