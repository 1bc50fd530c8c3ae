// Formats of values with a unit, for the lines of checks.

import { show } from '../diagnosis/show.js';
import { floorDivide, formatInstant, parseInstant } from '../vmmci/instant.js';

export { showFeatures, showIsr, showStatus } from '../diagnosis/decode.js';

/**
 * The years 0000 to 9999, in µs since 1970. A guest can show anything, and a date outside has no ISO form.
 */
const firstInstant = parseInstant('0000-01-01T00:00:00Z');
const lastInstant = parseInstant('9999-12-31T23:59:59.999999Z');

const dateAnd = (us: bigint, number: string): string =>
  us < firstInstant || us > lastInstant ? number : `${formatInstant(us)} (${number})`;

/** An instant in µs since 1970: `2026-11-22T12:34:56.123456Z (1795350896123456 µs)`. */
export const showInstant = (us: bigint): string => dateAnd(us, `${us} µs`);

/** An instant in ns since 1970. Its date has whole microseconds. */
export const showInstantNs = (ns: bigint): string => dateAnd(floorDivide(ns, 1000n), `${ns} ns`);

/** A duration in ns, with its sign: `-3600.000000000 s`. */
export const showDurationNs = (ns: bigint): string => {
  const digits = String(ns < 0n ? -ns : ns).padStart(10, '0');
  return `${ns < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)} s`;
};

/** Formats each item of a list by `format`, so that equal neighbours are folded. */
export const showEach =
  <T>(format: (item: T) => string) =>
  (items: readonly T[]): string =>
    show(items.map(format));
