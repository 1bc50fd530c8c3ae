// The value of a read where no register starts. vmd leaves the guest's accumulator unchanged, which nobody
// outside the guest can see. The best guess is the value that the last register read put there.

export const stalePolicies = ['repeat', 'ones', 'zero'] as const;
export type StalePolicy = (typeof stalePolicies)[number];

/**
 * `last` is the 32-bit value of the last register read: vmd writes all of it to EAX, even for a byte read.
 */
const values: Record<StalePolicy, (last: number) => number> = {
  repeat: (last) => last,
  ones: () => 0xffffffff,
  zero: () => 0,
};

/** The 32-bit value, before it is truncated to the width of the access. */
export const staleValue = (policy: StalePolicy, last: number): number => values[policy](last);
