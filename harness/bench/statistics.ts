// What is made of figures that were taken again and again on a machine with other things to do.

/** The middle one, or the mean of the two in the middle. NaN for none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

/**
 * How many times `base` a figure is: the median over the rounds of the quotient within each, so that what
 * disturbed a round disturbed both of its figures. Throws when the two are not of the same rounds.
 */
export const ratio = (values: readonly number[], base: readonly number[]): number => {
  if (values.length !== base.length) throw new RangeError('a ratio needs both figures of each round');
  return median(values.map((value, round) => value / (base[round] ?? Number.NaN)));
};
