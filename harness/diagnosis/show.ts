// Values as people read them in a check's line: short, with runs folded, and nothing a terminal would act on.

import { printable, shorten } from '../base/text.js';

/** Characters of one value; the whole of it is in the artifacts. */
const maxLength = 160;

/** Text that needs no quotes: nothing in it is invisible or at its edges. */
const isPlain = (text: string): boolean => /^\S(.*\S)?$/.test(text) && printable(text) === text;

const thousands = (count: number): string => count.toLocaleString('en-US');

/** Equal neighbours once, with how many of them there are: `SYNCRTC × 1,432`. */
const foldRuns = (items: readonly string[]): string[] => {
  const runs: { item: string; count: number }[] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last?.item === item) last.count += 1;
    else runs.push({ item, count: 1 });
  }
  return runs.map(({ item, count }) => (count === 1 ? item : `${item} × ${thousands(count)}`));
};

const whole = (value: unknown): string => {
  if (value === undefined || value === null || value === '') return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(printable(value));
  if (Array.isArray(value)) return value.length === 0 ? 'none' : foldRuns(value.map(whole)).join(', ');
  if (value instanceof Map) return whole([...value].map(([key, inner]) => `${whole(key)} ${whole(inner)}`));
  if (value instanceof Set) return whole([...value]);
  if (typeof value === 'object')
    return whole(Object.entries(value).map(([key, inner]) => `${key} ${whole(inner)}`));
  return String(value);
};

/** One value in at most 160 characters. */
export const show = (value: unknown): string => shorten(whole(value), maxLength);
