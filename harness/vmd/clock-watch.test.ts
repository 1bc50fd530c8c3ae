import t from 'tap';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { ClockWatch } from './clock-watch.js';

/** A host clock that runs with the scheduler and can be stepped. */
const make = () => {
  const scheduler = new VirtualScheduler();
  let stepped = 1_800_000_000_000_000n;
  const jumps: bigint[] = [];
  const watch = new ClockWatch(
    { now: () => stepped + BigInt(scheduler.now()) * 1000n },
    scheduler,
    (seconds) => jumps.push(seconds),
  );
  const step = (seconds: number): void => {
    stepped += BigInt(seconds * 1_000_000);
  };
  return { scheduler, watch, jumps, step };
};

t.test('a clock that runs without steps never jumps', async (t) => {
  const { scheduler, watch, jumps } = make();
  watch.start();
  scheduler.advance(1_000_000);
  t.same(jumps, []);
  t.equal(scheduler.pending, 1);
});

// Between two reads the clock also advances by a second, which counts.
for (const [seconds, seen] of [
  [4, []],
  [4.5, []],
  [5, [6n]],
  [6, [7n]],
  [3600, [3601n]],
  [-60, []],
] as const) {
  t.test(`a step of ${seconds} s between two reads`, async (t) => {
    const { scheduler, watch, jumps, step } = make();
    watch.start();
    scheduler.advance(2_500);
    step(seconds);
    t.same(jumps, [], 'not before the next read');
    scheduler.advance(10_000);
    t.same(jumps, seen);
  });
}

t.test('a step back, and later the same step forward, is a jump', async (t) => {
  const { scheduler, watch, jumps, step } = make();
  watch.start();
  step(-60);
  scheduler.advance(1_000);
  step(60);
  scheduler.advance(1_000);
  t.same(jumps, [61n]);
});

t.test('two steps between two reads count as one', async (t) => {
  const { scheduler, watch, jumps, step } = make();
  watch.start();
  step(100);
  step(-98);
  scheduler.advance(1_000);
  t.same(jumps, []);
});

t.test('the time that passed while stopped is seen a second after the start', async (t) => {
  const { scheduler, watch, jumps } = make();
  watch.start();
  scheduler.advance(1_000);
  watch.stop();
  t.equal(scheduler.pending, 0);
  scheduler.advance(10_000);
  watch.start();
  watch.start();
  t.equal(scheduler.pending, 1, 'a second start changes nothing');
  scheduler.advance(999);
  t.same(jumps, []);
  scheduler.advance(1);
  t.same(jumps, [11n]);
});

t.test('a restart ignores the time that has passed', async (t) => {
  const { scheduler, watch, jumps, step } = make();
  watch.start();
  step(3600);
  watch.restart();
  scheduler.advance(5_000);
  t.same(jumps, []);
  t.equal(scheduler.pending, 1);
});
