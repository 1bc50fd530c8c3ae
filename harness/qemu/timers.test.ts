import { spawn } from 'node:child_process';
import t from 'tap';
import { isRunning } from '../testing/is-running.js';
import { slowdown } from './slowdown.js';
import { timersFor } from './timers.js';

t.test('the slowdown grows with the load, within bounds', async (t) => {
  t.equal(slowdown(0, 2), 1, 'an idle machine');
  t.equal(slowdown(2, 2), 1, 'a fully used machine');
  t.equal(slowdown(7, 2), 3.5);
  t.equal(slowdown(7, 1), 7);
  t.equal(slowdown(1000, 2), 8);
});

t.test('timeouts grow with the load and with the slowness of the kernel', async (t) => {
  const ordinary = timersFor(1).timeout(1000);
  t.ok(Number.isInteger(ordinary) && ordinary >= 1000 && ordinary <= 8000, `${ordinary} ms on this machine`);
  const slow = timersFor(12).timeout(1000);
  t.ok(Number.isInteger(slow) && slow >= 12_000 && slow <= 96_000, `${slow} ms on this machine`);
});

t.test('time in which this process stands still hardly counts', async (t) => {
  const steps: [run: () => void, ms: number][] = [];
  let runs = 0;
  const restore = t.intercept(globalThis, 'setTimeout', {
    value: (...step: [() => void, number]) => void steps.push(step),
  });
  timersFor(1).after(2500, () => {
    runs += 1;
  });
  // However late each of them comes.
  for (let at = 0; at < 2; at++) steps[at]?.[0]();
  restore.restore();
  t.strictSame(
    steps.map(([, ms]) => ms),
    [1000, 1000, 500],
  );
  steps[2]?.[0]();
  t.equal(runs, 0, 'what has arrived is read first');
  await new Promise(setImmediate);
  t.equal(runs, 1);
});

t.test('what arrived while this process stood still is read before a timeout', async (t) => {
  const child = spawn('echo', ['here'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const events: string[] = [];
  const both = new Promise<void>((resolve) => {
    const note = (event: string) => void (events.push(event) === 2 && resolve());
    child.stdout.on('data', () => note('data'));
    timersFor(1).after(1, () => note('timeout'));
  });
  // The child is a zombie until this process can handle its end.
  while (isRunning(child.pid ?? 0));
  await both;
  t.strictSame(events, ['data', 'timeout']);
});
