// Compares drifting and scripted clocks with independent arithmetic and a simulation.

import fc from 'fast-check';
import t from 'tap';
import { hostNow } from '../host/clock.js';
import { clockHolder, parseClock, running, scripted } from './clock.js';
import { Vmmci } from './device.js';
import { generations } from './generations.js';
import { formatInstant, parseInstant } from './instant.js';
import { formatRate, parseRate } from './rate.js';
import { VirtualScheduler } from './scheduler.js';

const options = {
  numRuns: Number(process.env.FUZZ_RUNS ?? 100),
  seed: Number(process.env.FUZZ_SEED ?? 20261126),
};

const yearUs = 31_557_600_000_000n;
const rate = fc.bigInt({ min: -100_000_000n, max: 100_000_000n });
const instant = fc.bigInt({
  min: parseInstant('0000-01-01T00:00:00Z'),
  max: parseInstant('9979-12-31T23:59:59Z'),
});

t.test('formatted instants parse to the same value, before 1970 too', async () => {
  fc.assert(
    fc.property(instant, (us) => parseInstant(formatInstant(us)) === us),
    options,
  );
});

t.test('formatted rates parse to the same value', async (t) => {
  fc.assert(
    fc.property(rate, (ppb) => parseRate(formatRate(ppb)) === ppb),
    options,
  );
  t.same(['+250ppm', '-0.5ppm', '+100000ppm'].map(parseRate), [250_000n, -500n, 100_000_000n]);
  t.same([250_000n, -500n, 0n].map(formatRate), ['+250ppm', '-0.5ppm', '+0ppm']);
});

t.test('after 20 years a drifting clock is off by less than a microsecond', async (t) => {
  fc.assert(
    fc.property(
      instant,
      rate,
      fc.array(fc.bigInt({ min: 0n, max: yearUs }), { minLength: 1, maxLength: 20 }),
      (start, ppb, waits) => {
        let host = 1_700_000_000_000_000n;
        const from = host;
        const clock = parseClock(`running:${formatInstant(start)}@${formatRate(ppb)}`, () => host);
        for (const wait of waits) {
          host += wait;
          // The elapsed device time, times 1e9, is at most the exact product and more than it minus 1 µs.
          const exact = (host - from) * (1_000_000_000n + ppb);
          const shown = (clock.now() - start) * 1_000_000_000n;
          if (shown > exact || shown + 1_000_000_000n <= exact) return false;
        }
        return true;
      },
    ),
    options,
  );
  let host = 0n;
  const clock = parseClock('running@+250ppm', () => host);
  host = 20n * yearUs;
  t.equal(clock.now() - host, 157_788_000_000n, '20 Julian years at 250 ppm: 157,788 s');
});

t.test('a drifting clock never runs backward and never advances faster than its rate', async () => {
  fc.assert(
    fc.property(rate, fc.array(fc.bigInt({ min: 0n, max: 10n }), { maxLength: 200 }), (ppb, steps) => {
      let host = 5n;
      const clock = running(() => host, -3n, ppb);
      let last = clock.now();
      for (const step of steps) {
        host += step;
        const now = clock.now();
        if (now < last || now - last > step + 2n) return false;
        last = now;
      }
      return true;
    }),
    options,
  );
});

t.test('a clock that is moved keeps its rate', async (t) => {
  let host = 0n;
  const holder = clockHolder(parseClock('running:2026-01-01T00:00:00Z@-40ppm', () => host));
  host += 1_000_000_000n;
  holder.shift(3_600_000_000n);
  t.equal(holder.spec, 'running:2026-01-01T01:16:39.960000Z@-40ppm');
  host += 1_000_000_000n;
  t.equal(formatInstant(holder.now()), '2026-01-01T01:33:19.920000Z');
});

interface Step {
  after: bigint;
  step: bigint;
  rate: bigint | undefined;
}

/** The values of the clock, computed microsecond by microsecond in billionths. */
const simulate = (start: bigint, first: bigint, changes: readonly Step[], length: number): bigint[] => {
  const billion = 1_000_000_000n;
  let value = start * billion;
  let ppb = first;
  let next = 0;
  const shown: bigint[] = [];
  for (let us = 0; us < length; us++) {
    for (
      let change = changes[next];
      change !== undefined && value >= (start + change.after) * billion;
      change = changes[next]
    ) {
      value += change.step * billion;
      ppb = change.rate ?? ppb;
      next += 1;
    }
    shown.push((value - (((value % billion) + billion) % billion)) / billion);
    value += billion + ppb;
  }
  return shown;
};

const seconds = (us: bigint): string =>
  `${us < 0n ? '-' : ''}${(us < 0n ? -us : us) / 1_000_000n}.${String((us < 0n ? -us : us) % 1_000_000n).padStart(6, '0')}`;

t.test('at each microsecond, a script shows the value of its simulation', async () => {
  const change = fc.record({
    after: fc.bigInt({ min: 0n, max: 120n }),
    step: fc.oneof(fc.constant(0n), fc.bigInt({ min: -50n, max: 50n })),
    rate: fc.option(rate, { nil: undefined }),
  });
  const start = fc.bigInt({ min: -100n, max: 100n });
  fc.assert(
    fc.property(start, rate, fc.array(change, { maxLength: 6 }), (from, first, changes) => {
      let host = 77n;
      const text = JSON.stringify({
        start: formatInstant(from),
        rate: formatRate(first),
        changes: changes.map(({ after, step, rate: ppb }) => ({
          after: seconds(after),
          step: seconds(step),
          ...(ppb === undefined ? {} : { rate: formatRate(ppb) }),
        })),
      });
      const clock = scripted(text, () => host);
      const expected = simulate(from, first, changes, 200);
      for (const us of expected) {
        if (clock.now() !== us) throw new Error(`at ${host - 77n}: ${clock.now()}, expected ${us}: ${text}`);
        host += 1n;
      }
    }),
    options,
  );
});

const device = (now: () => bigint) => {
  const vmmci = new Vmmci({
    generation: generations['8.0'],
    clock: running(now),
    scheduler: new VirtualScheduler(),
  });
  return (): bigint => {
    const low = vmmci.readConfig(4, 4).readUInt32LE();
    return BigInt(low) * 1_000_000n + BigInt(vmmci.readConfig(12, 4).readUInt32LE());
  };
};

t.test('each of 10,000 readings of the registers lies between two readings of the host clock', async (t) => {
  const read = device(hostNow);
  let outside = 0;
  for (let reading = 0; reading < 10_000; reading++) {
    const before = hostNow();
    const shown = read();
    if (shown < before || shown > hostNow()) outside += 1;
  }
  t.equal(outside, 0);
});

t.test(
  'a reading of the registers is one sample of the host clock, also while that is slewed and set',
  async () => {
    const move = fc.oneof(
      { weight: 20, arbitrary: fc.bigInt({ min: 0n, max: 2000n }) },
      { weight: 1, arbitrary: fc.bigInt({ min: -3_600_000_000n, max: 3_600_000_000n }) },
    );
    fc.assert(
      fc.property(fc.array(move, { minLength: 100, maxLength: 100 }), (moves) => {
        let host = 1_700_000_000_000_000n;
        let next = 0;
        const taken: bigint[] = [];
        const read = device(() => {
          host += moves[next++ % moves.length] ?? 0n;
          taken.push(host);
          return host;
        });
        taken.length = 0;
        return moves.every(() => read() === taken.at(-1)) && taken.length === moves.length;
      }),
      options,
    );
  },
);
