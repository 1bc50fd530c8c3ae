// Causes that show in how a wrong time differs from the right one.

import type { Cause, Facts } from './facts.js';

interface Difference {
  readonly reason: string;
  readonly expected: bigint;
  readonly seen: bigint;
}

const pairs = /expected (-?\d+), seen (-?\d+)/;

const differencesOf = ({ reasons }: Facts): Difference[] =>
  reasons.flatMap((reason) => {
    const [, expected, seen] = pairs.exec(reason) ?? [];
    return expected === undefined || seen === undefined
      ? []
      : [{ reason, expected: BigInt(expected), seen: BigInt(seen) }];
  });

const million = 1_000_000n;
const word = 1n << 32n;

/** Whole seconds and microseconds of a time; exact below zero, too. */
const split = (us: bigint): { seconds: bigint; us: bigint } => {
  const rest = ((us % million) + million) % million;
  return { seconds: (us - rest) / million, us: rest };
};

const timeCause = (
  holds: (difference: Difference) => boolean,
  cause: Pick<Cause, 'sentence' | 'change' | 'hosts'>,
  explains: Cause['explains'] = ['shows-host-time'],
): Cause => ({
  ...cause,
  explains: explains ?? [],
  find: (facts) =>
    differencesOf(facts)
      .filter(({ expected, seen }) => expected !== seen)
      .filter(holds)
      .slice(0, 2)
      .map(({ reason }) => reason),
});

const bySeconds =
  (wrong: (seconds: bigint) => bigint) =>
  ({ expected, seen }: Difference): boolean =>
    split(seen).seconds === wrong(split(expected).seconds) &&
    split(seen).us === split(expected).us &&
    split(seen).seconds !== split(expected).seconds;

export const timeCauses = {
  'seconds-signed': timeCause(
    (difference) => difference.seen < 0n && bySeconds((seconds) => BigInt.asIntN(32, seconds))(difference),
    {
      sentence: 'The seconds are a signed 32-bit number: from 2038 on the time is before 1970.',
      change: 'Put the seconds together as unsigned 64 bits: high word at offset 28, low word at 24.',
    },
  ),
  'high-word-ignored': timeCause(
    ({ expected, seen }) =>
      split(expected).seconds >= word &&
      bySeconds((seconds) => BigInt.asUintN(32, seconds))({ expected, seen, reason: '' }),
    {
      sentence: 'The high word of the seconds (offset 28) is not used.',
      change: 'Add the word at offset 28, shifted by 32, to that at 24.',
    },
  ),
  'words-swapped': timeCause(
    ({ expected, seen }) =>
      split(seen).seconds !== split(expected).seconds &&
      split(seen).seconds ===
        (BigInt.asUintN(32, split(expected).seconds) << 32n) + (split(expected).seconds >> 32n),
    {
      sentence: 'The two words of the seconds are swapped.',
      change: 'The low word is at offset 24, the high word at 28.',
    },
  ),
  'fraction-not-padded': timeCause(
    ({ expected, seen }) => {
      const right = split(expected);
      const digits = String(right.us).padEnd(6, '0').slice(0, 6);
      return (
        right.us < 100_000n &&
        split(seen).seconds === right.seconds &&
        split(seen).us === BigInt(digits) &&
        split(seen).us !== right.us
      );
    },
    {
      sentence: 'The fraction of the time has no leading zeros.',
      change: 'Print the microseconds with six digits: %06u.',
    },
  ),
  'microseconds-as-nanoseconds': timeCause(
    ({ expected, seen }) =>
      split(seen).seconds === split(expected).seconds &&
      split(expected).us >= 1000n &&
      split(seen).us === split(expected).us / 1000n,
    {
      sentence: 'The microseconds are taken for nanoseconds.',
      change: 'Multiply the value at offset 32 by 1000 before it becomes nanoseconds.',
    },
  ),
  'drift-sign': timeCause(
    ({ expected, seen, reason }) => reason.includes('drift') && seen !== 0n && seen === -expected,
    {
      sentence: 'The drift has the wrong sign: it is guest − host.',
      change: 'Show host − guest, so that a guest which is behind has a positive drift.',
    },
    ['shows-drift'],
  ),
  'drift-overflow': timeCause(
    ({ expected, seen, reason }) =>
      reason.includes('drift') && BigInt.asIntN(32, expected) === seen && expected !== seen,
    {
      sentence: 'The drift is kept in 32 bits and overflows.',
      change: 'Keep the drift in nanoseconds as a signed 64-bit number.',
    },
    ['shows-drift'],
  ),
} as const satisfies Readonly<Record<string, Cause>>;
