import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { found, loaded, read, status, write } from '../../testing/cause-events.js';

const life = (offer: number, polls: number): (TraceData | number)[] => [
  read(0, 4, offer),
  status(3),
  write(4, 4, offer),
  read(20, 4, 0),
  status(7),
  loaded,
  ...Array.from({ length: polls }, () => read(20, 4, 0)),
];
const reasons = ["no 'bar-read' in the trace, 4 times within 48 s; CPU 0 idle"];
const later: (TraceData | number)[] = [5000, { kind: 'shell', command: 'true', status: 0 }];

t.test('a driver that polls only hosts with certain features', async (t) => {
  const silent = [...life(0, 0), ...later];
  t.same(found([...life(7, 4), status(0), ...silent], { reasons }), ['polls-need-feature']);
  t.notOk(found([...life(7, 0), status(0), ...silent], { reasons }).includes('polls-need-feature'));
  t.notOk(found([...life(0, 4), status(0), ...silent], { reasons }).includes('polls-need-feature'));
  t.notOk(
    found([...life(7, 4), status(0), ...life(0, 1), ...later], { reasons }).includes('polls-need-feature'),
  );
  t.notOk(found([...life(7, 4), status(0), ...silent]).includes('polls-need-feature'));
});

t.test('a driver that polls until its first interrupt', async (t) => {
  const polls = [read(20, 4, 0), read(20, 4, 0)];
  const handles = (value: number) => [read(19, 1, 2), read(20, 4, value), write(20, 4, value)];
  const waits = { reasons: ["no 'ack' in the trace within 34 s; CPU 0 idle"] };
  t.same(found([...life(7, 2), ...handles(3), ...later], waits), ['polls-end-with-interrupt']);
  const stopped = found([...life(7, 2), ...handles(2), ...later], waits);
  t.notOk(stopped.includes('polls-end-with-interrupt'), 'it may end with a stop');
  const on = found([...life(7, 2), ...handles(3), ...polls, ...later], waits);
  t.notOk(on.includes('polls-end-with-interrupt'), 'it polls on');
});
