// The order in which a round measures its rows. Each round starts with a different row, so that no row always
// comes right after the same one.

/** Rotates the list left by `by` positions, which may exceed its length. */
export const rotate = <T>(items: readonly T[], by: number): T[] => {
  const first = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
};
