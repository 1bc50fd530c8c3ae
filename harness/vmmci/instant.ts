// Instants: microseconds since the epoch, and as text ISO-8601 in UTC with up to six fractional digits.

import { HarnessError } from '../base/errors.js';

const MICROSECONDS = 1_000_000n;

/** `YYYY-MM-DDTHH:MM:SS[.f…]Z` */
const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z$/;

export const INSTANT_FORM = 'YYYY-MM-DDTHH:MM:SS[.ffffff]Z';

/** The greatest whole number that is not above `dividend / divisor`; the divisor is positive. */
export const floorDivide = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient;
};

/** Whole seconds, floored before 1970 too, as a timeval has them. */
export const secondsOf = (us: bigint): bigint => floorDivide(us, MICROSECONDS);

/** The microseconds beside them, 0 to 999999. */
export const microsecondsOf = (us: bigint): bigint => us - secondsOf(us) * MICROSECONDS;

const lastDay = (year: number, month: number): number => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0); // day 0 of the next month, which Date counts from 0
  return date.getUTCDate();
};

/** Microseconds since 1970-01-01T00:00:00Z; the years are 0000 to 9999. Throws INSTANT. */
export const parseInstant = (text: string): bigint => {
  const refuse = (reason: string): never => {
    throw new HarnessError('INSTANT', { text, reason });
  };
  const match = form.exec(text);
  if (match === null) return refuse(`is not of the form ${INSTANT_FORM}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (second === 60) refuse('is a leap second, which the clock of a host never shows');
  if (hour > 23 || minute > 59 || second > 59) refuse('has no such time of day');
  if (month < 1 || month > 12 || day < 1 || day > lastDay(year, month)) refuse('is not a date that exists');
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC takes years below 100 for those of another century
  date.setUTCHours(hour, minute, second);
  return BigInt(date.getTime()) * 1000n + BigInt((match[7] ?? '').padEnd(6, '0'));
};

/** The instant with all six fractional digits, e.g. `2026-11-22T12:00:00.000001Z`. */
export const formatInstant = (us: bigint): string => {
  const second = new Date(Number(secondsOf(us)) * 1000).toISOString().replace(/\.\d+Z$/, '');
  return `${second}.${String(microsecondsOf(us)).padStart(6, '0')}Z`;
};
