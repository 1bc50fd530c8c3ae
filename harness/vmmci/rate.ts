// How fast a clock goes against the host's, as exact arithmetic: a rate is whole parts per billion off.

import { floorDivide } from './instant.js';

/** Parts per billion that a clock is fast (positive) or slow (negative). */
export type Rate = bigint;

const BILLION = 1_000_000_000n;

/** 10 %: far beyond any clock, and far from one that stands or goes back. */
const MAX_PPM = 100_000;

export const RATE_FORM = '[+-]PPMppm';

/**
 * `+250ppm`, `-0.125ppm`: a sign, a number with up to three fractional digits. `undefined` for what is no
 * rate, or beyond 10 %.
 */
export const parseRate = (text: string): Rate | undefined => {
  const [, sign, whole = '', fraction = ''] = /^([+-])(\d{1,6})(?:\.(\d{1,3}))?ppm$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const magnitude = BigInt(whole) * 1000n + BigInt(fraction.padEnd(3, '0'));
  if (magnitude > BigInt(MAX_PPM) * 1000n) return undefined;
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
 * What a clock of this rate adds in `elapsed` of the host's time, in billionths of the unit of `elapsed`:
 * exact.
 */
export const scaled = (elapsed: bigint, rate: Rate): bigint => elapsed * (BILLION + rate);

/** Whole units of a value in billionths, floored. */
export const unscaled = (value: bigint): bigint => floorDivide(value, BILLION);

/**
 * The shortest time of the host in which a clock of this rate gets `value` billionths further; 0 for nothing
 * to go.
 */
export const elapsedFor = (value: bigint, rate: Rate): bigint =>
  value <= 0n ? 0n : -floorDivide(-value, BILLION + rate);

export const toScaled = (units: bigint): bigint => units * BILLION;
