// Parsers for text from a guest. None of it is trusted: text of an unexpected form is the fault of its
// author, and errors show it shortened and with control characters escaped.

import { HarnessError } from '../base/errors.js';
import { printable, shorten } from '../base/text.js';

/** The author of the text. If the driver under test writes unexpected text, that is its fault. */
export type Author = 'guest' | 'driver';

const codes = { guest: 'GUEST_READ', driver: 'DRIVER_READ' } as const;

/** Maximum number of characters of the text in an error. */
const maxShown = 80;

/** The error for text that does not have the form `expected`: GUEST_READ or DRIVER_READ. */
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

/** The groups of `form` in `text`; a missing group is ''. Throws GUEST_READ or DRIVER_READ. */
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

/** Parses a decimal number, or a hexadecimal one with `0x`, of up to 64 bits. Throws GUEST_READ. */
export const parseBits = (what: string, text: string | undefined): bigint => {
  const [value = ''] = matchText(what, 'a number', /^(0x[0-9a-f]{1,16}|\d{1,20})$/i, text);
  return BigInt(value);
};

/** Parses the same forms to a number that is exact. Throws GUEST_READ. */
export const parseNumber = (what: string, text: string | undefined): number => {
  const value = parseBits(what, text);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw unexpectedText(what, 'a number below 2^53', text);
  return Number(value);
};
