// The order in which a round measures its rows: another row comes first in each, so that none always follows
// the same one.

/** The items from number `by` on, then those before it; `by` counts on around the end. */
export const rotate = <T>(items: readonly T[], by: number): T[] => {
  const first = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
};
