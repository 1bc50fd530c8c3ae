import { type Duplex, duplexPair } from 'node:stream';
import t from 'tap';
import { Qmp } from './qmp.js';

const greeting = '{"QMP": {"version": {}, "capabilities": ["oob"]}}\n';

/** A session and the far end of it; `sent` gives the requests that have arrived. */
const session = (): {
  qmp: Qmp;
  far: Duplex;
  sent: { execute: string; id: number; arguments?: unknown }[];
} => {
  const [near, far] = duplexPair();
  const sent: { execute: string; id: number }[] = [];
  far.setEncoding('utf8');
  far.on('data', (text: string) => {
    for (const line of text.split('\n')) if (line !== '') sent.push(JSON.parse(line));
  });
  return { qmp: new Qmp(near), far, sent };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const opened = async (): Promise<ReturnType<typeof session>> => {
  const it = session();
  const open = it.qmp.open();
  it.far.write(greeting);
  await turn();
  it.far.write('{"return": {}, "id": 1}\n');
  await open;
  return it;
};

t.test('a session opens with the greeting and the negotiation', async (t) => {
  const { sent } = await opened();
  t.match(sent, [{ execute: 'qmp_capabilities', id: 1 }]);
});

t.test('answers find their commands by id, in any order and in any pieces', async (t) => {
  const { qmp, far, sent } = await opened();
  const first = qmp.execute('first');
  const second = qmp.execute('second', { value: 1 });
  await turn();
  t.match(sent.slice(1), [
    { execute: 'first', id: 2 },
    { execute: 'second', id: 3, arguments: { value: 1 } },
  ]);
  far.write('{"return": "b", "id": 3}\r\n{"ret');
  await turn();
  far.write('urn": "a", "id": 2}\n');
  t.strictSame(await Promise.all([first, second]), ['a', 'b']);
});

t.test('a refusal names the command and QEMU’s reason', async (t) => {
  const { qmp, far } = await opened();
  const refused = qmp.execute('device_add');
  far.write('{"error": {"class": "GenericError", "desc": "no slot"}, "id": 2}\n');
  await t.rejects(refused, { code: 'QMP_COMMAND', message: 'QMP device_add: GenericError: no slot' });
});

t.test('events go to listeners until they leave', async (t) => {
  const { qmp, far } = await opened();
  const seen: string[] = [];
  const stop = qmp.onEvent(({ event }) => seen.push(event));
  const wanted = qmp.waitEvent('MIGRATION', { ms: 10_000, accept: ({ status }) => status === 'completed' });
  far.write('{"event": "STOP", "timestamp": {}}\n{"event": "MIGRATION", "data": {"status": "active"}}\n');
  far.write('{"event": "MIGRATION", "data": {"status": "completed"}}\n');
  t.strictSame((await wanted).data, { status: 'completed' });
  stop();
  far.write('{"event": "RESUME"}\n');
  await turn();
  t.strictSame(seen, ['STOP', 'MIGRATION', 'MIGRATION']);
});

t.test('an event that does not come is named', async (t) => {
  const { qmp } = await opened();
  await t.rejects(qmp.waitEvent('DEVICE_DELETED', { ms: 1 }), {
    code: 'QMP_TIMEOUT',
    message: /^QMP: no event DEVICE_DELETED within [1-8] ms$/,
  });
});

t.test('the end of the connection rejects everything that waits, and everything after', async (t) => {
  const { qmp, far } = await opened();
  const command = qmp.execute('stop');
  const event = qmp.waitEvent('STOP', { ms: 10_000 });
  far.end();
  await t.rejects(command, { code: 'QMP_CLOSED', fields: { command: 'stop' } });
  await t.rejects(event, { code: 'QMP_CLOSED', fields: { command: 'event STOP' } });
  await t.rejects(qmp.execute('cont'), { code: 'QMP_CLOSED', fields: { command: 'cont' } });
  await t.rejects(qmp.waitEvent('STOP', { ms: 10_000 }), { code: 'QMP_CLOSED' });
});

t.test('a QEMU that ends before it greets', async (t) => {
  const { qmp, far } = session();
  const open = qmp.open();
  far.end();
  await t.rejects(open, { code: 'QMP_CLOSED', fields: { command: 'the greeting' } });
});

for (const [name, line] of [
  ['no JSON', 'Segmentation fault'],
  ['an answer to nothing', '{"return": {}, "id": 99}'],
  ['an answer without an id', '{"return": {}}'],
] as const) {
  t.test(`${name} ends the session with the line`, async (t) => {
    const { qmp, far } = await opened();
    const command = qmp.execute('stop');
    far.write(`${line}\n`);
    await t.rejects(command, { code: 'QMP_PROTOCOL', fields: { line } });
  });
}
