import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { createHalt } from './halt.js';
import { retryBroken } from './retry.js';
import { runStep } from './step.js';

const broken = new HarnessError('GUEST_BOOT', { reason: 'no greeting' });
const fine = { value: 1, cached: true };

/** A step whose attempts end as `outcomes` say. */
const step = async (...outcomes: readonly (Error | (typeof fine & { remedied?: string[] }))[]) => {
  let attempts = 0;
  const done = await runStep({
    name: 'boot',
    halt: createHalt(),
    onRetry: () => {},
    unavailable: ['KERNEL_FETCH'],
    work: async () => {
      const outcome = outcomes[attempts++] ?? new Error('no more outcomes');
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  });
  return { ...done, attempts };
};

t.test('a step that passes', async (t) => {
  const { step: made, value, attempts } = await step(fine);
  t.match(made, { name: 'boot', verdict: 'passed', cached: true, reasons: [], retried: [] });
  t.equal(value, 1);
  t.equal(attempts, 1);
});

t.test('a broken step is retried once, and the retry is reported', async (t) => {
  const second = await step(broken, fine);
  t.match(second.step, { verdict: 'passed', retried: [/no greeting/] });
  const third = await step(broken, broken, fine);
  t.match(third.step, { verdict: 'broken', reasons: [/no greeting/], retried: [/no greeting/] });
  t.equal(third.attempts, 2);
  t.equal(third.value, undefined);
});

t.test('a problem that the step repaired is reported beside its retries', async (t) => {
  const { step: made } = await step(broken, { ...fine, remedied: ['made anew'] });
  t.match(made, { verdict: 'passed', retried: [/no greeting/, 'made anew'] });
});

t.test('a failure of the driver is never retried', async (t) => {
  const { step: made, attempts } = await step(
    new HarnessError('DRIVER_BUILD', { directory: 'd', release: 'r', reason: 'x.c:1', log: 'l' }),
    fine,
  );
  t.match(made, { verdict: 'failed', retried: [] });
  t.equal(attempts, 1);
});

t.test('a step is skipped if the kernel is unavailable', async (t) => {
  const { step: made, attempts } = await step(
    new HarnessError('KERNEL_FETCH', { what: 'w', suite: 's', reason: 'none' }),
    fine,
  );
  t.match(made, { verdict: 'skipped', reasons: [/none/] });
  t.equal(attempts, 1);
});

t.test('an interrupt ends a step that hangs', async (t) => {
  const halt = createHalt();
  const pending = runStep({
    name: 'fetch',
    halt,
    onRetry: () => t.fail('no second attempt'),
    work: () => new Promise<never>(() => {}),
  });
  halt.interrupt('interrupted by SIGTERM');
  t.match((await pending).step, { verdict: 'skipped', reasons: ['interrupted by SIGTERM'] });
});

t.test('a halted run retries nothing, and errors are passed on', async (t) => {
  const halt = createHalt();
  let attempts = 0;
  const options = { halt, onRetry: () => t.fail('no second attempt'), pauseMs: 0 };
  const value = await retryBroken(
    async () => {
      attempts += 1;
      halt.stop('bail');
      return 'bad';
    },
    (value) => value,
    options,
  );
  t.strictSame([value, attempts], ['bad', 1]);
  const thrower = retryBroken(
    async () => {
      throw new TypeError('mine');
    },
    () => undefined,
    options,
  );
  await t.rejects(thrower, { name: 'TypeError', message: 'mine' });
});
