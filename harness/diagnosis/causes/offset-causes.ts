// Causes of times that are all off in the same way.

import { checkCause } from './check-cause.js';
import type { Cause } from './facts.js';
import { bySeconds, timeCause, timesOf } from './time-causes.js';

const billion = 1_000_000_000n;

/** Matches a read of a high word that was not there before. */
const highWord = /(?<!- )read (?:micro)?secondsHigh/;

export const offsetCauses = {
  'seconds-in-31-bits': timeCause(
    bySeconds((seconds) => BigInt.asUintN(31, seconds)),
    {
      sentence:
        'The driver drops the highest bit of the seconds: it shows times from 2038-01-19 on as from 1970 on.',
      change: 'Use all 32 bits of the value at BAR0 offset 24, as an unsigned number.',
    },
    // Otherwise only higher bits are missing.
    ({ expected }) => ((expected / billion) & (1n << 31n)) !== 0n,
  ),
  'high-word-read-too': checkCause(
    {
      of: ['no-needless-accesses', 'keeps-transcript'],
      what: /\baccesses\b/,
      seen: highWord,
      holds: ({ expected }) => !highWord.test(expected),
    },
    {
      sentence: 'The driver also reads high words of the clock, which are 0 on every host.',
      change: 'Read only the low words: the seconds at BAR0 offset 24, and the microseconds at 32.',
      requirement: 'no-needless-accesses',
    },
  ),
  'time-off-by-constant': {
    sentence: 'Each time is off by the same amount.',
    change: 'Show the sample (BAR0 offsets 24 and 32) as it is: add nothing to it.',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'shows-ptp-time'],
    find: (facts) => {
      const all = timesOf(facts);
      const [first] = all;
      if (first === undefined) return [];
      const off = first.seen - first.expected;
      const differ = all.some(({ expected }) => expected !== first.expected);
      const same = all.every(({ expected, seen }) => seen - expected === off);
      return differ && same ? all.slice(0, 2).map(({ check }) => check) : [];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
