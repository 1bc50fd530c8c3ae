// Terminals over a real socket: both ends of `vmmci shell --attach`, with a program instead of the guest.

import { once } from 'node:events';
import { lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { encodeFrame, type Frame, FrameReader, fieldsContent, maxContent } from '../guest/terminal-frames.js';
import { type SessionOptions, Terminals } from '../guest/terminals.js';
import { privateDirectory } from '../socket/private-directory.js';
import { FakeTerminalProgram } from '../testing/fake-terminal-program.js';
import { type Connection, connectShell, findShell } from './connect.js';
import { controlSocket, terminalSocket } from './serve-shell.js';
import { serveTerminals } from './serve-terminals.js';

const setUp = async (t: Test) => {
  const directory = privateDirectory();
  const control = controlSocket(directory.path);
  const path = terminalSocket(control);
  const program = new FakeTerminalProgram();
  const terminals = new Terminals({ stream: program.stream, gone: new Promise(() => {}) });
  const server = await serveTerminals(path, terminals);
  t.teardown(async () => {
    await server.close();
    directory.remove();
  });
  const attach = async (): Promise<Connection> => {
    const connection = await connectShell(control);
    t.teardown(() => connection.close());
    return connection;
  };
  return { directory, path, control, program, terminals, server, attach };
};

const options = (command: string, printed: string[] = []): SessionOptions => ({
  directory: '/d',
  command,
  onOutput: (bytes, from) => void printed.push(`${from} ${bytes.toString('latin1')}`),
});

t.test('output, input and status pass, whoever has other sessions', async (t) => {
  const { path, program, terminals, attach } = await setUp(t);
  t.equal(lstatSync(path).mode & 0o777, 0o600);
  terminals.open(options('own'));
  t.equal(await program.next(), 'o0 p|0|0||/d|own|');
  const { terminals: attached } = await attach();
  const printed: string[] = [];
  const session = attached.open({
    ...options('cat', printed),
    window: { rows: 24, columns: 80 },
    term: 'vt100',
  });
  t.equal(await program.next(), 'o1 t|24|80|vt100|/d|cat|');
  const written = session.write(Buffer.from('typed'));
  t.equal(await program.next(), 'i1 typed');
  program.send('A', 1);
  await written;
  session.resize({ rows: 0, columns: 0 });
  t.equal(await program.next(), 'w1 0|0|');
  session.signal(2);
  t.equal(await program.next(), 'k1 2|');
  program.send('O', 1, '\xff\0');
  program.send('E', 1, 'error');
  program.send('X', 1, '255');
  t.equal(await session.end, 255);
  t.strictSame(printed, ['output \xff\0', 'error error']);
});

t.test('the last client that had a session leaves; one without a session does not', async (t) => {
  const { program, server, control, directory, attach } = await setUp(t);
  let hasLeft = false;
  void server.left.then(() => {
    hasLeft = true;
  });
  t.equal(await findShell(dirname(directory.path)), control, 'it is found');
  const [first, second] = [await attach(), await attach()];
  first.terminals.open(options('one')).end.catch(() => {});
  t.match(await program.next(), /^o0 .*one/);
  const other = second.terminals.open(options('two'));
  t.match(await program.next(), /^o1 .*two/);
  first.close();
  t.equal(await program.next(), 'c0 ');
  t.notOk(hasLeft, 'somebody is still there');
  second.close();
  t.equal(await program.next(), 'c1 ');
  await server.left;
  await t.rejects(other.end, { code: 'TERMINAL', fields: { reason: 'the shell was closed' } });
});

t.test('a refusal of the guest is reported; an invalid frame ends the connection', async (t) => {
  const { path, program, attach } = await setUp(t);
  const session = (await attach()).terminals.open(options('x'));
  await program.next();
  program.send('X', 0, '!no terminal');
  await t.rejects(session.end, { code: 'TERMINAL', fields: { reason: 'no terminal' } });

  const window = (rows: string): Buffer =>
    encodeFrame({ kind: 'o', session: 2, content: fieldsContent(['t', rows, '80', '', '/', 'x']) });
  const cases: readonly [bytes: Buffer, reason: RegExp][] = [
    [window('-1'), /invalid window size: -1 rows, 80 columns/],
    [window('65536'), /invalid window size: 65536 rows, 80 columns/],
    [window('1e9'), /window/],
    [Buffer.from('GET / HTTP/1.1\r\n'), /47455420/],
  ];
  for (const [bytes, reason] of cases) {
    const socket = connect(path);
    const frames: Frame[] = [];
    const reader = new FrameReader();
    socket.on('data', (more: Buffer) => void frames.push(...reader.feed(more)));
    socket.write(bytes);
    await once(socket, 'close');
    t.equal(frames.length, 1);
    t.match(frames[0]?.content.toString(), reason);
  }
});

t.test('who does not read holds back the own session, not those of others', async (t) => {
  const { path, program, terminals } = await setUp(t);
  const own: string[] = [];
  const first = terminals.open(options('own', own));
  await program.next();
  const socket = connect(path);
  socket.pause();
  socket.write(
    encodeFrame({ kind: 'o', session: 0, content: fieldsContent(['p', '0', '0', '', '/', 'yes']) }),
  );
  await program.next();
  const frame = program.next();
  let isHeld = false;
  void frame.then(() => {
    isHeld = true;
  });
  let sent = 0;
  for (; !isHeld; sent += maxContent) {
    program.send('O', 1, 'y'.repeat(maxContent));
    await setImmediate();
  }
  t.equal(await frame, 'h1 ');
  program.send('O', 0, 'own');
  program.send('X', 0, '0');
  t.equal(await first.end, 0);
  t.strictSame(own, ['output own']);
  let received = 0;
  const reader = new FrameReader();
  const ended = new Promise<void>((resolve) =>
    socket.on('data', (bytes: Buffer) => {
      for (const { kind, content } of reader.feed(bytes)) {
        if (kind === 'X') resolve();
        else received += content.length;
      }
    }),
  );
  socket.resume();
  t.equal(await program.next(), 'r1 ');
  program.send('X', 1, '0');
  await ended;
  socket.destroy();
  t.equal(received, sent, 'nothing is lost');
});

t.test('whoever is attached can hold its session back', async (t) => {
  const { program, attach } = await setUp(t);
  const session = (await attach()).terminals.open(options('yes'));
  await program.next();
  const release = session.hold();
  t.equal(await program.next(), 'h0 ');
  release();
  t.equal(await program.next(), 'r0 ');
  program.send('X', 0, '0');
  t.equal(await session.end, 0);
});

t.test('a shell that is closed ends the sessions of all who are attached', async (t) => {
  const { server, program, attach } = await setUp(t);
  const session = (await attach()).terminals.open(options('x'));
  await program.next();
  const closed = server.close();
  await t.rejects(session.end, { code: 'TERMINAL', fields: { reason: 'the shell was closed' } });
  await closed;
});

t.test('no shell is found where there is none, nor where there is no directory', async (t) => {
  const directory = t.testdir({ 'vmmci-left': {} });
  mkdirSync(join(directory, 'other'));
  await t.rejects(findShell(directory), {
    code: 'SHELL_ATTACH',
    message: /no shell of this user is running/,
  });
  await t.rejects(findShell(join(directory, 'nowhere')), { code: 'SHELL_ATTACH' });
  symlinkSync('loop', join(directory, 'loop'));
  await t.rejects(findShell(join(directory, 'loop')), { code: 'ELOOP' }, 'a directory that cannot be read');
});

t.test('a shell is found where the path of TMPDIR is too long for sockets', async (t) => {
  const before = process.env.TMPDIR;
  const directory = join(t.testdir({}), 'x'.repeat(100));
  mkdirSync(directory);
  process.env.TMPDIR = directory;
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  const { control } = await setUp(t);
  t.equal(await findShell(), control);
});
