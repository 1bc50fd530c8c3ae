// What a read gives where there is no register. vmd leaves the guest's accumulator alone, which nobody
// outside the guest can see; the value that the last register put there is the faithful guess.

export const stalePolicies = ['repeat', 'ones', 'zero'] as const;
export type StalePolicy = (typeof stalePolicies)[number];

/**
 * `last` is the whole 32-bit value of the last register read: vmd puts all of it in EAX, also for a byte
 * read.
 */
const values: Record<StalePolicy, (last: number) => number> = {
  repeat: (last) => last,
  ones: () => 0xffffffff,
  zero: () => 0,
};

/** The 32-bit value to cut to the width asked for. */
export const staleValue = (policy: StalePolicy, last: number): number => values[policy](last);
