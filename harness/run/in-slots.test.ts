import t from 'tap';
import { inSlots } from './in-slots.js';

t.test('runs a limited number of calls at a time, each in its own slot', async (t) => {
  const busy = new Set<string>();
  const done: number[] = [];
  let max = 0;
  await inSlots([1, 2, 3, 4, 5, 6, 7], 3, '/slots', async (item, slot) => {
    t.notOk(busy.has(slot), `${slot} is free`);
    busy.add(slot);
    max = Math.max(max, busy.size);
    await new Promise(setImmediate);
    busy.delete(slot);
    done.push(item);
  });
  t.equal(max, 3);
  t.strictSame(done.sort(), [1, 2, 3, 4, 5, 6, 7]);
});

t.test('rejects with an error only after the other calls have ended', async (t) => {
  let isSecondDone = false;
  const work = async (item: number): Promise<void> => {
    if (item === 1) throw new Error('first');
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    isSecondDone = true;
  };
  await t.rejects(inSlots([1, 2], 2, '/slots', work), { message: 'first' });
  t.ok(isSecondDone);
});
