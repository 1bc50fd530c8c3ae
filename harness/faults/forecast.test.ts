import t from 'tap';
import type { Fault } from './fault.js';
import { forecast } from './forecast.js';

const commands = ['VERSION', 'DMA_MAP', 'REGION_READ', 'REGION_WRITE'];
const judge = (...faults: Fault[]): (string | undefined)[] => forecast({ faults }, commands);

t.test('what QEMU does not live with is said, the rest is not', async (t) => {
  const [delay, short, drop, ones] = judge(
    { kind: 'delay', ms: 6000 },
    { kind: 'delay', ms: 10, when: { protocol: 'vhost-user' } },
    { kind: 'drop', when: { command: 'REGION_READ' } },
    { kind: 'ones' },
  );
  t.match(delay, /silent for 5000 ms/);
  t.equal(short, undefined);
  t.match(drop, /waits 5000 ms/);
  t.equal(ones, undefined);
});

t.test('a fault for every command is judged by the worst of them', async (t) => {
  t.match(judge({ kind: 'error', errno: 5 }), [/refuses the device/]);
  t.same(judge({ kind: 'error', errno: 5, when: { command: 'REGION_READ' } }), [undefined]);
  t.match(judge({ kind: 'error', errno: 5, when: { command: 'DMA_MAP' } }), [/mapping of guest memory/]);
});

t.test("a fault of the other protocol leaves QEMU's link alone", async (t) => {
  t.same(judge({ kind: 'disconnect', when: { protocol: 'vhost-user' } }), [undefined]);
});

t.test('delays that may meet in one message count together', async (t) => {
  t.match(judge({ kind: 'delay', ms: 3000, when: { offset: 24 } }, { kind: 'delay', ms: 3000 }), [
    /silent/,
    /silent/,
  ]);
  t.same(
    judge(
      { kind: 'delay', ms: 3000, when: { offset: 24 } },
      { kind: 'delay', ms: 3000, when: { offset: 32 } },
    ),
    [undefined, undefined],
  );
});
