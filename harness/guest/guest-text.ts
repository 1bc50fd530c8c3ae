// Parsers for text that a guest shows. None of it is trusted: text of another form than expected is the fault
// of whoever wrote it, and is shown shortened, with control characters escaped.

import { HarnessError } from '../base/errors.js';
import { printable, shorten } from '../base/text.js';

/** Who wrote the text. What the driver under test writes wrong is its fault. */
export type Author = 'guest' | 'driver';

const codes = { guest: 'GUEST_READ', driver: 'DRIVER_READ' } as const;

/** Maximum number of characters of the text in an error. */
const maxShown = 80;

/** The error for text of another form than `expected`: GUEST_READ or DRIVER_READ. */
export const unexpectedText = (
  what: string,
  expected: string,
  text: string | undefined,
  author: Author = 'guest',
): HarnessError =>
  new HarnessError(codes[author], {
    what,
    expected,
    got: text === undefined ? 'nothing' : shorten(printable(JSON.stringify(text)), maxShown),
  });

/** The groups of `form` in `text`; a group that is not there is ''. GUEST_READ or DRIVER_READ. */
export const matchText = (
  what: string,
  expected: string,
  form: RegExp,
  text: string | undefined,
  author: Author = 'guest',
): readonly string[] => {
  const found = text === undefined ? null : form.exec(text);
  if (found === null) throw unexpectedText(what, expected, text, author);
  return found.slice(1).map((group) => group ?? '');
};

/** A decimal number, or a hexadecimal one with `0x`, of up to 64 bits. */
export const parseBits = (what: string, text: string | undefined): bigint => {
  const [value = ''] = matchText(what, 'a number', /^(0x[0-9a-f]{1,16}|\d{1,20})$/i, text);
  return BigInt(value);
};

/** The same, as a number that is exact. */
export const parseNumber = (what: string, text: string | undefined): number => {
  const value = parseBits(what, text);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw unexpectedText(what, 'a number below 2^53', text);
  return Number(value);
};
