import { type Duplex, duplexPair } from 'node:stream';
import t from 'tap';
import { Qmp } from './qmp.js';
import { type Timers, timersFor } from './timers.js';

const greeting = '{"QMP": {"version": {}, "capabilities": ["oob"]}}\n';

/** A session and the other end of its stream. `sent` has the requests that have arrived there. */
const connect = (): {
  qmp: Qmp;
  peer: Duplex;
  sent: { execute: string; id: number; arguments?: unknown }[];
} => {
  const [near, peer] = duplexPair();
  const sent: { execute: string; id: number }[] = [];
  peer.setEncoding('utf8');
  peer.on('data', (text: string) => {
    for (const line of text.split('\n')) if (line !== '') sent.push(JSON.parse(line));
  });
  return { qmp: new Qmp(near, { timers: timersFor(1) }), peer, sent };
};

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const opened = async (): Promise<ReturnType<typeof connect>> => {
  const connection = connect();
  const open = connection.qmp.open();
  connection.peer.write(greeting);
  await nextTick();
  connection.peer.write('{"return": {}, "id": 1}\n');
  await open;
  return connection;
};

t.test('opening waits for the greeting and negotiates', async (t) => {
  const { sent } = await opened();
  t.match(sent, [{ execute: 'qmp_capabilities', id: 1 }]);
});

t.test('a command without an answer ends, and its late answer does no harm', async (t) => {
  let expire = (): void => {};
  const timers: Timers = {
    now: () => 0,
    after: (_ms, run) => {
      expire = run;
      return { cancel: () => {} };
    },
    timeout: (ms) => ms,
  };
  const [near, peer] = duplexPair();
  const qmp = new Qmp(near, { timers });
  const asked = qmp.execute('query-status');
  expire();
  await t.rejects(asked, {
    code: 'QMP_SILENT',
    message: 'QEMU has not answered query-status within 1 min: is it stopped, or the host overloaded?',
  });
  const next = qmp.execute('second');
  peer.write('{"return": {}, "id": 1}\n{"return": 2, "id": 2}\n');
  t.equal(await next, 2);
});

t.test('matches replies to commands by id, in any order and however they are split', async (t) => {
  const { qmp, peer, sent } = await opened();
  const first = qmp.execute('first');
  const second = qmp.execute('second', { value: 1 });
  await nextTick();
  t.match(sent.slice(1), [
    { execute: 'first', id: 2 },
    { execute: 'second', id: 3, arguments: { value: 1 } },
  ]);
  peer.write('{"return": "b", "id": 3}\r\n{"ret');
  await nextTick();
  peer.write('urn": "a", "id": 2}\n');
  t.strictSame(await Promise.all([first, second]), ['a', 'b']);
});

t.test('rejects a refused command with its name and QEMU’s reason', async (t) => {
  const { qmp, peer } = await opened();
  const refused = qmp.execute('device_add');
  peer.write('{"error": {"class": "GenericError", "desc": "no slot"}, "id": 2}\n');
  await t.rejects(refused, { code: 'QMP_COMMAND', message: 'QMP device_add: GenericError: no slot' });
});

t.test('sends events to listeners until they unsubscribe', async (t) => {
  const { qmp, peer } = await opened();
  const seen: string[] = [];
  const stop = qmp.onEvent(({ event }) => seen.push(event));
  const wanted = qmp.waitEvent('MIGRATION', { ms: 10_000, accept: ({ status }) => status === 'completed' });
  peer.write('{"event": "STOP", "timestamp": {}}\n{"event": "MIGRATION", "data": {"status": "active"}}\n');
  peer.write('{"event": "MIGRATION", "data": {"status": "completed"}}\n');
  t.strictSame((await wanted).data, { status: 'completed' });
  stop();
  peer.write('{"event": "RESUME"}\n');
  await nextTick();
  t.strictSame(seen, ['STOP', 'MIGRATION', 'MIGRATION']);
});

t.test('a timeout names the missing event', async (t) => {
  const { qmp } = await opened();
  await t.rejects(qmp.waitEvent('DEVICE_DELETED', { ms: 1 }), {
    code: 'QMP_TIMEOUT',
    message: /^QMP: no event DEVICE_DELETED within [1-8] ms$/,
  });
});

t.test('the end of the connection rejects pending and later commands and waits', async (t) => {
  const { qmp, peer } = await opened();
  const command = qmp.execute('stop');
  const event = qmp.waitEvent('STOP', { ms: 10_000 });
  peer.end();
  await t.rejects(command, { code: 'QMP_CLOSED', fields: { command: 'stop' } });
  await t.rejects(event, { code: 'QMP_CLOSED', fields: { command: 'event STOP' } });
  await t.rejects(qmp.execute('cont'), { code: 'QMP_CLOSED', fields: { command: 'cont' } });
  await t.rejects(qmp.waitEvent('STOP', { ms: 10_000 }), { code: 'QMP_CLOSED' });
});

t.test('rejects if QEMU exits before the greeting', async (t) => {
  const { qmp, peer } = connect();
  const open = qmp.open();
  peer.end();
  await t.rejects(open, { code: 'QMP_CLOSED', fields: { command: 'the greeting' } });
});

for (const [name, line] of [
  ['a line that is not JSON', 'Segmentation fault'],
  ['a reply to an unknown id', '{"return": {}, "id": 99}'],
  ['a reply without an id', '{"return": {}}'],
  ['a line that is not an object', '5'],
  ['an event whose name is not text', '{"event": 5}'],
  ['an event whose data is not an object', '{"event": "RESET", "data": 5}'],
  ['an error without a description', '{"error": {"class": "GenericError"}, "id": 2}'],
] as const) {
  t.test(`${name} ends the session, and the error has the line`, async (t) => {
    const { qmp, peer } = await opened();
    const command = qmp.execute('stop');
    peer.write(`${line}\n`);
    await t.rejects(command, { code: 'QMP_PROTOCOL', fields: { line } });
  });
}
