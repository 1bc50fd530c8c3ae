import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import * as v from 'valibot';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { method } from './control.js';
import { callControl } from './control-client.js';
import { CONNECTION_LIMIT, LINE_LIMIT, serveControl } from './control-server.js';
import { lines } from './lines.js';
import { integer, text } from './params.js';

const directory = (t: Test): string => {
  const path = temporaryDirectory().path;
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

const methods = { echo: method({ params: { text }, run: ({ text }) => text }) };

const start = async (t: Test) => {
  const path = join(directory(t), 'new', 'control');
  let filled = 0;
  const fill = ({ bytes }: { bytes: number }): string => {
    filled += 1;
    return 'x'.repeat(bytes);
  };
  const server = await serveControl(path, {
    ...methods,
    fill: method({ params: { bytes: integer(0, 1 << 24) }, run: fill }),
  });
  t.teardown(() => server.close());
  return { ...server, filled: () => filled };
};

const dial = async (t: Test, path: string): Promise<Socket> => {
  const socket = connect(path);
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
};

/** The next `count` lines, or fewer if the other end closes before. */
const read = async (socket: Socket, count: number): Promise<Record<string, unknown>[]> => {
  const replies: Record<string, unknown>[] = [];
  for await (const line of lines(socket, 1 << 24)) {
    replies.push(JSON.parse(line) as Record<string, unknown>);
    if (replies.length === count) break;
  }
  return replies;
};

t.test('the owner alone can reach it', async (t) => {
  const { path } = await start(t);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  t.ok(statSync(path).isSocket());
});

t.test('answers in order: two in one write, one byte by byte, one without a newline', async (t) => {
  const { path } = await start(t);
  const socket = await dial(t, path);
  const ask = (id: number): string => `${JSON.stringify({ id, method: 'echo', params: { text: 'ä' } })}\n`;
  socket.write(ask(1) + ask(2));
  for (const byte of Buffer.from(ask(3))) socket.write(Buffer.from([byte]));
  socket.write(`\n \n${ask(4).trim()}`);
  socket.end();
  t.same(
    await read(socket, 5),
    [1, 2, 3, 4].map((id) => ({ id, result: 'ä' })),
  );
});

t.test('a bad line gets an error and the next is answered', async (t) => {
  const { path } = await start(t);
  const socket = await dial(t, path);
  socket.write('{nonsense\n\u0000\n{"id":2,"method":"echo","params":{"text":"on"}}\n');
  t.match(await read(socket, 3), [
    { id: null, error: { code: 'CONTROL_REQUEST' } },
    { id: null, error: { code: 'CONTROL_REQUEST' } },
    { id: 2, result: 'on' },
  ]);
});

t.test('a line without an end is cut off', async (t) => {
  const { path } = await start(t);
  const socket = await dial(t, path);
  socket.write('x'.repeat(LINE_LIMIT + 1));
  t.match(await read(socket, 2), [{ id: null, error: { code: 'CONTROL_REQUEST', message: /longer than/ } }]);
  t.equal(await callControl(path, 'echo', { text: 'lives' }), 'lives');
});

t.test('who asks without reading is not answered without bounds', async (t) => {
  const { path, filled } = await start(t);
  const greedy = await dial(t, path);
  const size = 1 << 20;
  greedy.write(`${JSON.stringify({ id: 1, method: 'fill', params: { bytes: size } })}\n`.repeat(20));
  for (let i = 0; i < 20; i += 1) await callControl(path, 'echo', { text: 'others are served' });
  t.equal(filled(), 1, 'the second waits until the first is taken');
  const replies = await read(greedy, 20);
  t.same(
    replies.map(({ result }) => String(result).length),
    Array.from({ length: 20 }, () => size),
  );
});

t.test('a client that hangs up in the middle disturbs nobody', async (t) => {
  const { path } = await start(t);
  for (let i = 0; i < 20; i += 1) {
    const socket = await dial(t, path);
    socket.write(`{"id":1,"method":"fill","params":{"bytes":${1 << 20}}}\n{"id":`);
    socket.destroy();
  }
  t.equal(await callControl(path, 'echo', { text: 'lives' }), 'lives');
});

t.test('nor does one that ends its side, then does not wait for the reply', async (t) => {
  const { path } = await start(t);
  for (let i = 0; i < 20; i += 1) {
    const socket = await dial(t, path);
    socket.end(`{"id":1,"method":"fill","params":{"bytes":${1 << 20}}}`);
    await once(socket, 'data');
    socket.destroy();
  }
  t.equal(await callControl(path, 'echo', { text: 'lives' }), 'lives');
});

t.test('one connection too many is closed', async (t) => {
  const { path } = await start(t);
  const sockets: Socket[] = [];
  for (let i = 0; i < CONNECTION_LIMIT; i += 1) sockets.push(await dial(t, path));
  const extra = await dial(t, path);
  t.same(await read(extra, 1), []);
  const [first] = sockets;
  first?.write('{"id":1,"method":"echo","params":{"text":"a"}}\n');
  t.same(first && (await read(first, 1)), [{ id: 1, result: 'a' }]);
});

t.test('an event reaches all who are connected, and a caller is not confused by it', async (t) => {
  const server = await start(t);
  const [one, two] = [await dial(t, server.path), await dial(t, server.path)];
  await callControl(server.path, 'echo', { text: 'both are accepted by now' });
  server.announce({ kind: 'kill', us: 12n });
  const expected = [{ event: { kind: 'kill', us: 12 } }];
  t.same(await read(one, 1), expected);
  t.same(await read(two, 1), expected);
});

t.test('a socket in use is left alone, a dead one is replaced, another file is not', async (t) => {
  const server = await start(t);
  await t.rejects(serveControl(server.path, methods), { code: 'SOCKET_IN_USE' });
  t.equal(await callControl(server.path, 'echo', { text: 'lives' }), 'lives');

  const dead = join(directory(t), 'dead');
  const program = `require('net').createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 'SIGKILL'))`;
  t.equal(spawnSync(process.execPath, ['-e', program]).signal, 'SIGKILL');
  t.ok(statSync(dead).isSocket());
  const heir = await serveControl(dead, methods);
  t.teardown(() => heir.close());
  t.equal(await callControl(dead, 'echo', { text: 'mine now' }), 'mine now');

  const path = join(directory(t), 'file');
  writeFileSync(path, 'precious');
  await t.rejects(serveControl(path, methods), { code: 'SOCKET_PATH', message: /not a socket/ });
  t.equal(readFileSync(path, 'utf8'), 'precious');
});

t.test('a path that no socket can have', async (t) => {
  await t.rejects(serveControl(join(directory(t), 'x'.repeat(120)), methods), { code: 'SOCKET_PATH' });
  await t.rejects(callControl('', 'state'), { code: 'SOCKET_PATH' });
});

t.test('close ends connections and removes the file', async (t) => {
  const path = join(directory(t), 'control');
  const server = await serveControl(path, methods);
  const socket = await dial(t, path);
  await server.close();
  t.same(await read(socket, 1), []);
  t.same(readdirSync(join(path, '..')), []);
});

t.test('what a caller is told', async (t) => {
  const { path } = await start(t);
  await t.rejects(callControl(path, 'echo'), {
    code: 'CONTROL_REFUSED',
    message: "echo: needs 'text': a string (CONTROL_PARAMS)",
  });
  await t.rejects(callControl(`${path}-not`, 'echo'), { code: 'CONTROL_CONNECT', message: /ENOENT/ });
});

/** A server of nonsense. */
const impostor = async (t: Test, says: (socket: Socket) => void): Promise<string> => {
  const path = join(directory(t), 'control');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    says(socket);
  }).listen(path);
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return path;
};

for (const [what, says, message] of [
  ['closes', (socket: Socket) => void socket.end(), /closed before the reply/],
  ['no JSON', (socket: Socket) => void socket.end('hello\n'), /JSON/],
  ['no object', (socket: Socket) => void socket.end('1\n'), /not a reply: 1/],
  ['null', (socket: Socket) => void socket.end('null\n'), /not a reply: null/],
  ['another id', (socket: Socket) => void socket.end('{"id":2,"result":1}\n'), /not a reply: \{"id":2/],
  [
    'another result',
    (socket: Socket) => void socket.end('{"id":1,"result":{"n":"1"}}\n'),
    /the result of state: n: expected number, got "1"/,
  ],
] as const) {
  t.test(`the other end is no control socket: ${what}`, async (t) => {
    const path = await impostor(t, says);
    const schema = v.object({ n: v.number() });
    await t.rejects(callControl(path, 'state', {}, { schema }), { code: 'CONTROL_REPLY', message });
  });
}

t.test('the other end is no control socket: silence', async (t) => {
  // However slow the machine, nothing ever comes: the shortest limit says so as well as any.
  const path = await impostor(t, () => {});
  await t.rejects(callControl(path, 'state', {}, { silenceMs: 1 }), {
    code: 'CONTROL_REPLY',
    message: /silent for 0.001 s/,
  });
});

t.test('an event before the reply is passed over', async (t) => {
  const path = await impostor(
    t,
    (socket) => void socket.end('{"event":{"kind":"kill"}}\n{"id":1,"result":5}\n'),
  );
  t.equal(await callControl(path, 'state'), 5);
});
