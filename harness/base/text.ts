// Formats text for people: shortens it, joins lists, escapes control characters and quotes shell words.

import { relative } from 'node:path';

/** The text before the first line break; empty if there is no text. */
export const firstLine = (text = ''): string => text.split('\n', 1)[0] ?? '';

/** Shortens `text` to `maxLength` characters, ellipsis included. Does not split a surrogate pair. */
export const shorten = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text;
  const end = maxLength - 1;
  const last = text.charCodeAt(end - 1);
  const cutsPair = last >= 0xd800 && last < 0xdc00;
  return `${text.slice(0, cutsPair ? end - 1 : end)}…`;
};

/**
 * Shortens `text` to `maxLength` characters, ellipsis included, and keeps its end, where a message has the
 * next step.
 */
export const shortenMiddle = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text;
  const end = Math.floor(maxLength / 2);
  const first = text.charCodeAt(text.length - end);
  const cutsPair = first >= 0xdc00 && first < 0xe000;
  return shorten(text, maxLength - end) + text.slice(text.length - end + (cutsPair ? 1 : 0));
};

/** `a, b, c`, or `a, b … and 12 more` when there are more than `maxItems`. */
export const listOf = (items: readonly string[], maxItems = Number.POSITIVE_INFINITY): string =>
  items.length <= maxItems
    ? items.join(', ')
    : `${items.slice(0, maxItems).join(', ')} … and ${items.length - maxItems} more`;

/** A list of ten names for somebody who typed `text`: first those that begin most like it. */
export const namesLike = (text: string, names: readonly string[]): string => {
  const shared = (name: string): number => {
    const end = [...name].findIndex((letter, index) => letter !== text[index]);
    return end === -1 ? name.length : end;
  };
  return listOf(
    [...names].sort((left, right) => shared(right) - shared(left) || left.length - right.length),
    10,
  );
};

/** `1 cause`, `3 causes`; pass an irregular plural as `plural`. */
export const counted = (count: number, word: string, plural = `${word}s`): string =>
  `${count} ${count === 1 ? word : plural}`;

/**
 * Control characters, bidirectional controls and lone surrogates: invisible, or interpreted by a terminal.
 */
const unsafe = /(?![\t\n])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Escapes untrusted text for a terminal: an escape character becomes `\x1b`. Keeps tabs and line breaks. */
export const printable = (text: string): string =>
  text.replaceAll(unsafe, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });

/** A path below `directory` relative to it; any other path as it is. */
export const pathFrom = (directory: string, path: string): string => {
  const short = relative(directory, path);
  return short === '..' || short.startsWith('../') ? path : short || '.';
};

/** Quotes `text` as one word of a POSIX shell, if it needs quotes. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
