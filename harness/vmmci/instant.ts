// Converts instants between microseconds since the epoch and text: ISO 8601 in UTC with up to six decimals.

import { HarnessError } from '../base/errors.js';

const usPerSecond = 1_000_000n;

/** `YYYY-MM-DDTHH:MM:SS[.f…]Z` */
const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z$/;

export const instantForm = 'YYYY-MM-DDTHH:MM:SS[.ffffff]Z';

/** Divides and rounds down; the divisor is positive. */
export const floorDivide = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient;
};

/** Whole seconds, rounded down before 1970 too, as in a timeval. */
export const secondsOf = (us: bigint): bigint => floorDivide(us, usPerSecond);

/** The microseconds of the second, 0 to 999999. */
export const microsecondsOf = (us: bigint): bigint => us - secondsOf(us) * usPerSecond;

const lastDay = (year: number, month: number): number => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0); // day 0 of the next month, which Date counts from 0
  return date.getUTCDate();
};

/** Returns microseconds since 1970-01-01T00:00:00Z. Accepts the years 0000 to 9999. Throws INSTANT. */
export const parseInstant = (text: string): bigint => {
  const refuse = (reason: string): never => {
    throw new HarnessError('INSTANT', { text, reason });
  };
  const match = form.exec(text);
  if (match === null) return refuse(`is not of the form ${instantForm}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (second === 60) refuse('is a leap second, which the clock of a host never shows');
  if (hour > 23 || minute > 59 || second > 59) refuse('has no such time of day');
  if (month < 1 || month > 12 || day < 1 || day > lastDay(year, month)) refuse('is not a date that exists');
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC maps years below 100 to the 20th century
  date.setUTCHours(hour, minute, second);
  return BigInt(date.getTime()) * 1000n + BigInt((match[7] ?? '').padEnd(6, '0'));
};

/** The instant with six decimals: `2026-11-22T12:00:00.000001Z`. */
export const formatInstant = (us: bigint): string => {
  const second = new Date(Number(secondsOf(us)) * 1000).toISOString().replace(/\.\d+Z$/, '');
  return `${second}.${String(microsecondsOf(us)).padStart(6, '0')}Z`;
};
