import t from 'tap';
import { realScheduler, VirtualScheduler } from './scheduler.js';

t.test('timers run in order of due time, then of creation', async (t) => {
  const scheduler = new VirtualScheduler();
  const ran: string[] = [];
  scheduler.after(20, () => ran.push(`c@${scheduler.now()}`));
  scheduler.after(10, () => ran.push(`a@${scheduler.now()}`));
  scheduler.after(10, () => ran.push(`b@${scheduler.now()}`));
  scheduler.advance(9);
  t.same(ran, []);
  scheduler.advance(1);
  t.same(ran, ['a@10', 'b@10']);
  scheduler.advance(100);
  t.same(ran, ['a@10', 'b@10', 'c@20']);
  t.equal(scheduler.now(), 110);
  t.equal(scheduler.pending, 0);
});

t.test('a timer that another starts runs within the same advance', async (t) => {
  const scheduler = new VirtualScheduler();
  let ticks = 0;
  const tick = (): void => {
    ticks += 1;
    scheduler.after(1000, tick);
  };
  scheduler.after(1000, tick);
  scheduler.advance(3500);
  t.equal(ticks, 3);
  t.equal(scheduler.pending, 1);
});

t.test('remaining() counts down and is 0 after a cancel', async (t) => {
  const scheduler = new VirtualScheduler();
  const timer = scheduler.after(3000, () => t.fail('was cancelled'));
  scheduler.advance(130);
  t.equal(timer.remaining(), 2870);
  timer.cancel();
  t.equal(timer.remaining(), 0);
  scheduler.advance(5000);
});

t.test('a timer that is cancelled by another with the same due time does not run', async (t) => {
  const scheduler = new VirtualScheduler();
  scheduler.after(5, () => second.cancel());
  const second = scheduler.after(5, () => t.fail('was cancelled'));
  scheduler.advance(5);
  t.equal(scheduler.pending, 0);
});

t.test('a timer of the real scheduler runs, counts down and can be cancelled', async (t) => {
  const scheduler = realScheduler();
  const never = scheduler.after(60_000, () => t.fail('was cancelled'));
  const left = never.remaining();
  t.ok(left > 0 && left <= 60_000, `${left} ms left`);
  never.cancel();
  t.equal(never.remaining(), 0);
  scheduler.after(1, () => t.fail('was cancelled')).cancel();
  const before = scheduler.now();
  await new Promise<void>((resolve) => {
    const timer = scheduler.after(2, () => {
      t.equal(timer.remaining(), 0);
      resolve();
    });
    setTimeout(() => {}, 5); // a real timer does not keep the process alive by itself
  });
  t.ok(scheduler.now() >= before);
});

t.test('no timer of the real scheduler runs before its time', async (t) => {
  const scheduler = realScheduler();
  const runs = Array.from({ length: 200 }, (_, index) => {
    const ms = index / 40;
    const due = scheduler.now() + ms;
    return new Promise<number>((resolve) => {
      scheduler.after(ms, () => resolve(scheduler.now() - due));
    });
  });
  // Timers of the scheduler do not keep the process alive.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  t.strictSame(
    (await Promise.all(runs)).filter((late) => late < 0),
    [],
  );
});
