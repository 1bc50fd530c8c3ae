import t from 'tap';
import { intervals } from './intervals.js';

t.test('the time of a read starts with the answer to the previous read', async (t) => {
  const event = (offset: number, at: number) =>
    ({ kind: 'bar-read', seq: 0, offset, width: 1, value: 0, at }) as const;
  const sweep = [event(18, 100), event(19, 140), event(20, 230)];
  t.same(intervals([...sweep, event(0, 9000), event(1, 9035)]), [
    { offset: 19, us: 40 },
    { offset: 20, us: 90 },
    { offset: 1, us: 35 },
  ]);
  t.same(intervals([]), []);
});
