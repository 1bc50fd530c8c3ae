// Parses text that the driver under test shows. If it does not have the form that the driver's description
// promises, the driver is to blame (DRIVER_READ), and the message has the text with control characters
// escaped.

import { matchText } from '../guest/guest-text.js';

/** Returns the groups of `form` in `text`. Throws DRIVER_READ if it does not match. */
const match = (what: string, expected: string, form: RegExp, text: string): readonly string[] =>
  matchText(what, expected, form, text, 'driver');

/** An unsigned number of up to 64 bits. */
const digits = '\\d{1,20}';

/**
 * The content of an attribute without its final newline. It has one line, because sysfs(5) has one value per
 * file.
 */
export const parseAttribute = (what: string, text: string): string => {
  const [value = ''] = match(what, 'one line that ends in a newline', /^([^\n]*)\n$/, text);
  return value;
};

/** The lines of an attribute with a list. Each line must end in a newline. */
const parseLines = (what: string, text: string): string[] => {
  match(what, 'lines that each end in a newline', /^(?:[^\n]+\n)*$/, text);
  return text.split('\n').slice(0, -1);
};

/** Parses `seconds.microseconds`; returns microseconds. */
export const parseTime = (what: string, text: string): bigint => {
  const form = new RegExp(`^(${digits})\\.(\\d{6})$`);
  const [seconds = '', fraction = ''] = match(what, 'seconds.microseconds', form, text);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction);
};

/** Parses signed nanoseconds. */
export const parseDrift = (text: string): bigint => {
  const [value = ''] = match('drift', 'nanoseconds', new RegExp(`^(-?${digits})$`), text);
  return BigInt(value);
};

/** Parses lines of the form `NAME count`. */
export const parseCounts = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    parseLines('command counts', text).map((line) => {
      const [name = '', count = ''] = match('command counts', 'NAME count', /^(\w+) (\d{1,15})$/, line);
      return [name, Number(count)];
    }),
  );
