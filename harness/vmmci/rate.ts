// The rate of a clock relative to the host's, in exact integers.

import { floorDivide } from './instant.js';

/** Parts per billion by which a clock is fast (positive) or slow (negative). */
export type Rate = bigint;

const billion = 1_000_000_000n;

/** 10 %: more than any real clock, and far from a clock that stands still or runs backward. */
const maxPpm = 100_000;

export const rateForm = '[+-]PPMppm';

/**
 * Parses a sign and a number with up to three decimals: `+250ppm`, `-0.125ppm`. Returns `undefined` for other
 * text and for more than 10 %.
 */
export const parseRate = (text: string): Rate | undefined => {
  const [, sign, whole = '', fraction = ''] = /^([+-])(\d{1,6})(?:\.(\d{1,3}))?ppm$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const magnitude = BigInt(whole) * 1000n + BigInt(fraction.padEnd(3, '0'));
  if (magnitude > BigInt(maxPpm) * 1000n) return undefined;
  return sign === '-' ? -magnitude : magnitude;
};

export const formatRate = (rate: Rate): string => {
  const [sign, magnitude] = rate < 0n ? ['-', -rate] : ['+', rate];
  const fraction = String(magnitude % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${sign}${magnitude / 1000n}${fraction === '' ? '' : `.${fraction}`}ppm`;
};

/**
 * The exact advance of a clock of this rate during `elapsed` of the host's time, in billionths of the unit of
 * `elapsed`.
 */
export const scaled = (elapsed: bigint, rate: Rate): bigint => elapsed * (billion + rate);

/** Converts billionths to whole units, rounded down. */
export const unscaled = (value: bigint): bigint => floorDivide(value, billion);

/**
 * The shortest time of the host in which a clock of this rate advances by `value` billionths; 0 if `value` is
 * not positive.
 */
export const elapsedFor = (value: bigint, rate: Rate): bigint =>
  value <= 0n ? 0n : -floorDivide(-value, billion + rate);

export const toScaled = (units: bigint): bigint => units * billion;
