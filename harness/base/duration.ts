// Formats durations for people.

const units = [
  [86_400 * 365, 'a'],
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
] as const;

/**
 * Formats with three significant digits and the largest unit that gives at least 1: `-7 h`, `13.4 ms`, `0 s`.
 */
export const duration = (seconds: number): string => {
  if (seconds === 0) return '0 s';
  const size = Math.abs(seconds);
  // 0.99951 s is 1 s in three digits, not 1000 ms.
  const [unit, name] = units.find(([unit]) => Number((size / unit).toPrecision(3)) >= 1) ?? [1e-9, 'ns'];
  return `${Number((seconds / unit).toPrecision(3))} ${name}`;
};

/** `duration` for milliseconds. */
export const durationOfMs = (ms: number): string => duration(ms / 1e3);
