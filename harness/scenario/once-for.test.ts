import t from 'tap';
import { onceFor } from './once-for.js';

t.test('calls make once for each key, and again after a failure', async (t) => {
  let calls = 0;
  const make = onceFor(
    ({ key }: { key: object; fails?: boolean }) => key,
    async ({ fails }) => {
      calls += 1;
      if (fails) throw new Error('no space left');
      return calls;
    },
  );
  const [one, other] = [{}, {}];
  t.strictSame(await Promise.all([make({ key: one }), make({ key: one })]), [1, 1]);
  t.equal(await make({ key: other }), 2);
  const third = {};
  await t.rejects(make({ key: third, fails: true }), /no space left/);
  t.equal(await make({ key: third }), 4);
  t.equal(await make({ key: third }), 4);
});
