import t from 'tap';
import type { Fault } from './fault.js';
import { forecast } from './forecast.js';

const commands = ['VERSION', 'DMA_MAP', 'REGION_READ', 'REGION_WRITE'];
const judge = (...faults: Fault[]): (string | undefined)[] => forecast({ faults }, commands);

t.test('the forecast names the faults that QEMU does not survive, and no others', async (t) => {
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

t.test('a fault for every command has the worst forecast of all commands', async (t) => {
  t.match(judge({ kind: 'error', errno: 5 }), [/refuses the device/]);
  t.same(judge({ kind: 'error', errno: 5, when: { command: 'REGION_READ' } }), [undefined]);
  t.match(judge({ kind: 'error', errno: 5, when: { command: 'DMA_MAP' } }), [/mapping of guest memory/]);
});

t.test("a fault in the other protocol does not affect QEMU's connection", async (t) => {
  t.same(judge({ kind: 'disconnect', when: { protocol: 'vhost-user' } }), [undefined]);
});

t.test('delays that may affect the same message are added', async (t) => {
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
