import t from 'tap';
import { delay } from './delay.js';

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

t.test('a delay ends with the connection', async (t) => {
  let close = (): void => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const before = timers();
  const waiting = delay(3_600_000, { closed });
  close();
  await waiting;
  t.equal(timers(), before, 'no timer is left');
});

t.test('a delay ends after its time', async (t) => {
  await delay(1, { closed: new Promise(() => {}) });
  t.pass();
});

t.test('a delay is not shorter than its time, also if a timer runs early', async (t) => {
  const { setTimeout: real } = globalThis;
  const waited: number[] = [];
  let now = 0;
  t.intercept(performance, 'now', { value: () => now });
  t.intercept(globalThis, 'setTimeout', {
    value: (run: () => void, ms: number) => {
      waited.push(ms);
      now += waited.length === 1 ? ms - 0.3 : ms;
      return real(run, 0);
    },
  });
  await delay(20, { closed: new Promise(() => {}) });
  t.strictSame(waited, [20, 1]);
});
