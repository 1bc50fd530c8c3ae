// Statistics of repeated measurements on a machine that also does other work.

/** The median; the mean of the two middle values if their number is even. NaN for an empty list. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

/**
 * The median over the rounds of the ratio of a figure to `base` in the same round, so that a disturbance
 * affects both. Throws if the two lists have different lengths.
 */
export const ratio = (values: readonly number[], base: readonly number[]): number => {
  if (values.length !== base.length) throw new RangeError('a ratio needs both figures of each round');
  return median(values.map((value, round) => value / (base[round] ?? Number.NaN)));
};
