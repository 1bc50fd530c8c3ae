// Text as people read it: cut to a line or to a length, with nothing that a terminal would act on.

/** Up to the first line break; empty for no text. */
export const firstLine = (text = ''): string => text.split('\n', 1)[0] ?? '';

/** `text`, or so much of it that an ellipsis fits in `maxLength` characters too. Does not cut a character in two. */
export const shorten = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text;
  const end = maxLength - 1;
  const last = text.charCodeAt(end - 1);
  const cutsPair = last >= 0xd800 && last < 0xdc00;
  return `${text.slice(0, cutsPair ? end - 1 : end)}…`;
};

/** `a, b, c`, or `a, b … and 12 more` when there are more than `maxItems`. */
export const listOf = (items: readonly string[], maxItems = Number.POSITIVE_INFINITY): string =>
  items.length <= maxItems
    ? items.join(', ')
    : `${items.slice(0, maxItems).join(', ')} … and ${items.length - maxItems} more`;

/** `1 cause`, `3 causes`; `plural` where it is not the word with an s. */
export const counted = (count: number, word: string, plural = `${word}s`): string =>
  `${count} ${count === 1 ? word : plural}`;

/** Control characters, directions of writing and halves of characters: invisible, or obeyed by a terminal. */
const unsafe = /(?![\t\n])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Text of a guest, a compiler or a file for a terminal: what is not printed there comes out as `\x1b`. Keeps tabs and line ends. */
export const printable = (text: string): string =>
  text.replaceAll(unsafe, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });

/** `text` as one word of a POSIX shell; left as it is where it needs no quotes. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
