// Text that the driver under test shows. None of it is trusted: what has not the form that the driver's description promises is the
// driver's fault (DRIVER_READ), and is shown with control characters escaped.

import { matchText } from '../guest/guest-text.js';

/** The groups of `form` in `text`. DRIVER_READ. */
const match = (what: string, expected: string, form: RegExp, text: string): readonly string[] =>
  matchText(what, expected, form, text, 'driver');

/** Nothing that a guest shows is longer than 64 bits. */
const digits = '\\d{1,20}';

/** The content of an attribute, without the newline that ends it: sysfs(5) has one value, and so one line, in a file. */
export const parseAttribute = (what: string, text: string): string => {
  const [value = ''] = match(what, 'one line that ends in a newline', /^([^\n]*)\n$/, text);
  return value;
};

/** The lines of an attribute that lists something, each of which ends in a newline. */
export const parseLines = (what: string, text: string): string[] => {
  match(what, 'lines that end in a newline each', /^(?:[^\n]+\n)*$/, text);
  return text.split('\n').slice(0, -1);
};

/** `seconds.microseconds`, in microseconds. */
export const parseTime = (what: string, text: string): bigint => {
  const form = new RegExp(`^(${digits})\\.(\\d{6})$`);
  const [seconds = '', fraction = ''] = match(what, 'seconds.microseconds', form, text);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction);
};

/** Signed nanoseconds. */
export const parseDrift = (text: string): bigint => {
  const [value = ''] = match('drift', 'nanoseconds', new RegExp(`^(-?${digits})$`), text);
  return BigInt(value);
};

/** One `NAME count` a line. */
export const parseCounts = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    parseLines('command counts', text).map((line) => {
      const [name = '', count = ''] = match('command counts', 'NAME count', /^(\w+) (\d{1,15})$/, line);
      return [name, Number(count)];
    }),
  );
