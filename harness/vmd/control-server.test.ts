import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import * as v from 'valibot';
import { codeOf } from '../base/errors.js';
import { integer, string } from '../base/schema.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { withPathLock } from '../socket/path-lock.js';
import { method } from './control.js';
import { callControl } from './control-client.js';
import { maxConnections, maxRequestBytes, serveControl } from './control-server.js';
import { lines } from './lines.js';

const directory = (t: Test): string => {
  const path = temporaryDirectory().path;
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

const methods = { echo: method({ params: { text: string }, run: ({ text }) => text }) };

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

/** The next `count` lines, or fewer if the peer closes the connection first. */
const read = async (socket: Socket, count: number): Promise<Record<string, unknown>[]> => {
  const replies: Record<string, unknown>[] = [];
  for await (const line of lines(socket, 1 << 24)) {
    replies.push(JSON.parse(line) as Record<string, unknown>);
    if (replies.length === count) break;
  }
  return replies;
};

t.test('a path that looks like a TCP port is a path', async (t) => {
  const cwd = process.cwd();
  process.chdir(directory(t));
  t.teardown(() => process.chdir(cwd));
  for (const path of ['0', '8080', '1e9', ' ']) {
    const server = await serveControl(path, methods);
    t.ok(statSync(path).isSocket(), `'${path}'`);
    t.equal(await callControl(path, 'echo', { text: path }), path);
    await server.close();
  }
});

t.test('only the owner can connect', async (t) => {
  const { path } = await start(t);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  t.ok(statSync(path).isSocket());
});

t.test(
  'requests are answered in order, also two in one write, one byte by byte, and one without a newline',
  async (t) => {
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
  },
);

t.test('a malformed line gets an error, and the next request is answered', async (t) => {
  const { path } = await start(t);
  const socket = await dial(t, path);
  socket.write('{nonsense\n\u0000\n{"id":2,"method":"echo","params":{"text":"on"}}\n');
  t.match(await read(socket, 3), [
    { id: null, error: { code: 'CONTROL_REQUEST' } },
    { id: null, error: { code: 'CONTROL_REQUEST' } },
    { id: 2, result: 'on' },
  ]);
});

t.test('a line over the limit ends the connection', async (t) => {
  const { path } = await start(t);
  const socket = await dial(t, path);
  socket.write('x'.repeat(maxRequestBytes + 1));
  t.match(await read(socket, 2), [{ id: null, error: { code: 'CONTROL_REQUEST', message: /longer than/ } }]);
  t.equal(await callControl(path, 'echo', { text: 'lives' }), 'lives');
});

t.test('replies to a client that does not read are bounded', async (t) => {
  const { path, filled } = await start(t);
  const greedy = await dial(t, path);
  const size = 1 << 20;
  greedy.write(`${JSON.stringify({ id: 1, method: 'fill', params: { bytes: size } })}\n`.repeat(20));
  for (let i = 0; i < 20; i += 1) await callControl(path, 'echo', { text: 'others are served' });
  t.equal(filled(), 1, 'the second reply waits until the client has read the first');
  const replies = await read(greedy, 20);
  t.same(
    replies.map(({ result }) => String(result).length),
    Array.from({ length: 20 }, () => size),
  );
});

t.test('a client that disconnects within a request does not affect others', async (t) => {
  const { path } = await start(t);
  for (let i = 0; i < 20; i += 1) {
    const socket = await dial(t, path);
    socket.write(`{"id":1,"method":"fill","params":{"bytes":${1 << 20}}}\n{"id":`);
    socket.destroy();
  }
  t.equal(await callControl(path, 'echo', { text: 'lives' }), 'lives');
});

t.test('a client that closes its side and does not wait for the reply does not affect others', async (t) => {
  const { path } = await start(t);
  for (let i = 0; i < 20; i += 1) {
    const socket = await dial(t, path);
    socket.end(`{"id":1,"method":"fill","params":{"bytes":${1 << 20}}}`);
    await once(socket, 'data');
    socket.destroy();
  }
  t.equal(await callControl(path, 'echo', { text: 'lives' }), 'lives');
});

t.test('a connection above the limit is closed', async (t) => {
  const { path } = await start(t);
  const sockets: Socket[] = [];
  for (let i = 0; i < maxConnections; i += 1) sockets.push(await dial(t, path));
  const extra = await dial(t, path);
  t.same(await read(extra, 1), []);
  const [first] = sockets;
  first?.write('{"id":1,"method":"echo","params":{"text":"a"}}\n');
  t.same(first && (await read(first, 1)), [{ id: 1, result: 'a' }]);
});

t.test('an event reaches all clients, also one that waits for a reply', async (t) => {
  const server = await start(t);
  const [one, two] = [await dial(t, server.path), await dial(t, server.path)];
  await callControl(server.path, 'echo', { text: 'both are accepted by now' });
  server.announce({ kind: 'kill', us: 12n });
  const expected = [{ event: { kind: 'kill', us: 12 } }];
  t.same(await read(one, 1), expected);
  t.same(await read(two, 1), expected);
});

t.test('a socket of a dead process is replaced; one in use and another kind of file are not', async (t) => {
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

t.test('of two processes that take the same path, only one listens', async (t) => {
  const path = join(directory(t), 'control');
  const other = createServer();
  t.teardown(() => other.close());
  const second = await withPathLock(path, async () => {
    // It starts while the first process has the lock.
    const second = serveControl(path, methods).then(
      () => undefined,
      (error: unknown) => codeOf(error),
    );
    await new Promise(setImmediate);
    rmSync(path, { force: true }); // as a process that found the socket dead
    other.listen(path);
    await once(other, 'listening');
    return { code: second };
  });
  t.equal(await second.code, 'SOCKET_IN_USE');
});

t.test('a path that is not possible for a socket is refused', async (t) => {
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

t.test('a client gets the error of the server', async (t) => {
  const { path } = await start(t);
  await t.rejects(callControl(path, 'echo'), {
    code: 'CONTROL_REFUSED',
    message: 'echo: text: expected a string, it is missing (CONTROL_PARAMS)',
  });
  await t.rejects(callControl(`${path}-not`, 'echo'), { code: 'CONTROL_CONNECT', message: /ENOENT/ });
});

/** A server that sends invalid replies. */
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
  [
    'an error without text',
    (socket: Socket) => void socket.end('{"id":1,"error":{"code":5,"message":{}}}\n'),
    /not a reply: \{"id":1,"error"/,
  ],
  ['another id', (socket: Socket) => void socket.end('{"id":2,"result":1}\n'), /not a reply: \{"id":2/],
  [
    'another result',
    (socket: Socket) => void socket.end('{"id":1,"result":{"n":"1"}}\n'),
    /the result of state: n: expected number, got "1"/,
  ],
] as const) {
  t.test(`an invalid reply is refused: ${what}`, async (t) => {
    const path = await impostor(t, says);
    const schema = v.object({ n: v.number() });
    await t.rejects(callControl(path, 'state', {}, { schema }), { code: 'CONTROL_REPLY', message });
  });
}

t.test('a server that does not reply is given up', async (t) => {
  // The server never replies, so the shortest limit is enough however slow the machine is.
  const path = await impostor(t, () => {});
  await t.rejects(callControl(path, 'state', {}, { silenceMs: 1 }), {
    code: 'CONTROL_REPLY',
    message: /silent for 0.001 s/,
  });
});

t.test('an event before the reply is skipped', async (t) => {
  const path = await impostor(
    t,
    (socket) => void socket.end('{"event":{"kind":"kill"}}\n{"id":1,"result":5}\n'),
  );
  t.equal(await callControl(path, 'state'), 5);
});
