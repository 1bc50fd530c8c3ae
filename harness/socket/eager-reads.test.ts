import t from 'tap';
import { EagerReads } from './eager-reads.js';

/** The number of eager reads after an event if `ahead` more messages are available. */
const readAt = (eagerReads: EagerReads, ahead: number): number => {
  eagerReads.readable();
  let read = 0;
  while (read < ahead && eagerReads.shouldTry()) {
    eagerReads.succeeded();
    read++;
  }
  return read;
};

t.test('a peer that waits for each answer causes a failed read now and then', async (t) => {
  const eagerReads = new EagerReads();
  let failed = 0;
  for (let event = 0; event < 160; event++) {
    eagerReads.readable();
    if (eagerReads.shouldTry()) failed++;
  }
  t.equal(failed, 10);
});

t.test('a peer that sends ahead gets several eager reads per event, up to the limit', async (t) => {
  const eagerReads = new EagerReads();
  const read = Array.from({ length: 40 }, () => readAt(eagerReads, 100));
  t.equal(
    read.findIndex((count) => count > 0),
    15,
  );
  t.ok(read.slice(15).every((count) => count === 16));
});

t.test('a peer that stops sending ahead gets no more eager reads', async (t) => {
  const eagerReads = new EagerReads();
  for (let event = 0; event < 20; event++) readAt(eagerReads, 3);
  t.same([readAt(eagerReads, 3), readAt(eagerReads, 0), readAt(eagerReads, 3)], [3, 0, 0]);
});
