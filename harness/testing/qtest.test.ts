import { type Duplex, duplexPair } from 'node:stream';
import t from 'tap';
import { Qtest } from './qtest.js';

/** A client, and a machine that answers from a list and notes what it was asked. */
const machine = (answers: readonly string[]): { qtest: Qtest; far: Duplex; asked: string[] } => {
  const [near, far] = duplexPair();
  const asked: string[] = [];
  const left = [...answers];
  far.setEncoding('latin1');
  far.on('data', (text: string) => {
    for (const line of text.split('\n').filter((part) => part !== '')) {
      asked.push(line);
      const answer = left.shift();
      if (answer !== undefined) far.write(`${answer}\n`);
    }
  });
  return { qtest: new Qtest(near), far, asked };
};

t.test('port accesses of each width', async (t) => {
  const { qtest, asked } = machine(['OK 0x002d', 'OK 0x1b2d', 'OK 0x5c7a1b2d', 'OK', 'OK']);
  t.equal(await qtest.in(0xc018, 1), 0x2d);
  t.equal(await qtest.in(0xc018, 2), 0x1b2d);
  t.equal(await qtest.in(0xc018, 4), 0x5c7a1b2d);
  await qtest.out(0xc012, 1, 4);
  await qtest.out(0xc004, 4, 0xffffffff);
  t.strictSame(asked, [
    'inb 0xc018',
    'inw 0xc018',
    'inl 0xc018',
    'outb 0xc012 0x4',
    'outl 0xc004 0xffffffff',
  ]);
});

t.test('configuration space goes through the address and data ports', async (t) => {
  const { qtest, asked } = machine(['OK', 'OK 0x01', 'OK', 'OK']);
  t.equal(await qtest.configRead(5, 0x3d, 1), 1);
  await qtest.configWrite(5, 0x04, 2, 3);
  t.strictSame(asked, ['outl 0xcf8 0x8000283c', 'inb 0xcfd', 'outl 0xcf8 0x80002804', 'outw 0xcfc 0x3']);
});

t.test('interrupt lines change between answers', async (t) => {
  const { qtest, far, asked } = machine(['OK', 'IRQ raise 10\nOK 0x0']);
  const changes: unknown[] = [];
  qtest.onIrq((change) => changes.push(change));
  await qtest.interceptIrqs('ioapic');
  t.notOk(qtest.level(10));
  t.equal(await qtest.in(0x10, 1), 0);
  t.ok(qtest.level(10));
  far.write('IRQ lower 10\n');
  await new Promise((resolve) => setImmediate(resolve));
  t.notOk(qtest.level(10));
  t.strictSame(changes, [
    { line: 10, level: true },
    { line: 10, level: false },
  ]);
  t.equal(asked[0], 'irq_intercept_in ioapic');
});

t.test('reads and writes memory, and waits for an interrupt line', async (t) => {
  const { qtest, far, asked } = machine(['OK 0x00000041', 'OK']);
  t.equal(await qtest.load(0xfec00010, 4), 0x41);
  await qtest.store(0xfec00040, 1, 0x41);
  t.strictSame(asked, ['readl 0xfec00010', 'writeb 0xfec00040 0x41']);
  const high = qtest.waitLevel(10, true, 5000);
  far.write('IRQ raise 11\nIRQ raise 10\n');
  await high;
  await qtest.waitLevel(10, true, 0);
  await t.rejects(qtest.waitLevel(10, false, 1), {
    code: 'QTEST',
    message: /line 10 to fall: not within 1 ms/,
  });
});

t.test('a refusal is an error with QEMU’s message', async (t) => {
  const { qtest } = machine(["FAIL Unknown command 'x'"]);
  await t.rejects(qtest.command('x'), { code: 'QTEST', message: "qtest x: FAIL Unknown command 'x'" });
});

t.test('the end of QEMU rejects pending and later requests', async (t) => {
  const { qtest, far } = machine([]);
  const waiting = qtest.in(0x10, 1);
  far.end();
  await t.rejects(waiting, { code: 'QTEST', message: 'qtest inb 0x10: QEMU is gone' });
  await t.rejects(qtest.step(1), { code: 'QTEST' });
});
