import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { codeOf } from '../base/errors.js';
import { bindTo, closeFd, listenOn, streamSocket } from '../host/libc.js';
import type { Channel } from './channel.js';
import { connect } from './connect.js';
import { listen } from './listen.js';
import { withPathLock } from './path-lock.js';
import { privateDirectory } from './private-directory.js';

const directoryFor = (t: Test): string => {
  const directory = privateDirectory();
  t.teardown(directory.remove);
  return directory.path;
};

/** Only root can give a directory to another user. */
const notRoot = process.getuid?.() === 0 ? false : 'needs root';

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, codeOf);

t.test('a listener is private and returns connected channels', async (t) => {
  const path = join(directoryFor(t), 'private', 'a.sock');
  const accepted: Channel[] = [];
  const listener = await listen(path, (channel) => accepted.push(channel));
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  const client = await connect(path);
  await client.write(Buffer.from('hi'));
  while (accepted.length === 0) await new Promise(setImmediate);
  t.equal((await accepted[0]?.read(2))?.data.toString(), 'hi');
  listener.close();
  t.notOk(existsSync(path), 'the socket file is removed');
  t.equal(await caught(connect(path)), 'SOCKET_IO');
  client.close();
  accepted[0]?.close();
});

t.test('a socket in use is refused, a dead one is replaced, and another kind of file is kept', async (t) => {
  const directory = directoryFor(t);
  writeFileSync(join(directory, 'file'), 'precious');
  const path = join(directory, 'a.sock');
  const first = await listen(path, (channel) => channel.close());
  t.equal(await caught(listen(path, () => {})), 'SOCKET_IN_USE');
  t.ok(existsSync(path), 'the socket file still exists');
  first.close();

  const dead = streamSocket(path);
  bindTo(dead, path);
  closeFd(dead);
  t.ok(existsSync(path), 'the file of the dead socket exists');
  (await listen(path, () => {})).close();

  t.equal(await caught(listen(join(directory, 'file'), () => {})), 'SOCKET_PATH');
  t.ok(existsSync(join(directory, 'file')));
});

t.test('of two processes that replace a dead socket, only one listens', async (t) => {
  const path = join(directoryFor(t), 'a.sock');
  const dead = streamSocket(path);
  bindTo(dead, path);
  closeFd(dead);
  const { second, fd } = await withPathLock(path, async () => {
    // It starts while the first process has the lock and has removed the dead socket, but does not listen.
    const second = caught(listen(path, () => {}));
    await new Promise(setImmediate);
    unlinkSync(path);
    const fd = streamSocket(path);
    bindTo(fd, path);
    await new Promise(setImmediate);
    listenOn(fd, path, 1);
    return { second, fd };
  });
  t.equal(await second, 'SOCKET_IN_USE');
  closeFd(fd);
});

/** A process that takes the lock of the path, says so, and stops itself as SIGSTOP does. */
const stoppedHolder = `
import { withPathLock } from ${JSON.stringify(new URL('path-lock.js', import.meta.url).href)};
await withPathLock(process.argv[1], () => new Promise((resolve) => {
  const stayAlive = setInterval(() => {}, 1e6);
  process.once('SIGCONT', () => resolve(clearInterval(stayAlive)));
  process.stdout.write('held\\n', () => process.kill(process.pid, 'SIGSTOP'));
}));
`;

t.test('a process that was stopped while it took the path is named, and waited for', async (t) => {
  const path = join(directoryFor(t), 'a.sock');
  const holder = spawn(process.execPath, ['--input-type=module', '-e', stoppedHolder, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  await t.rejects(
    listen(path, () => {}),
    {
      code: 'SOCKET_HELD',
      message: `process ${holder.pid} has begun to listen on socket ${path} and has not finished within 2 s; if it is stopped, let it continue or end it, and run the same command again`,
    },
  );
  const waiting = listen(path, () => {});
  holder.kill('SIGCONT');
  (await waiting).close();
});

t.test('closing does not remove a file that replaced the socket', async (t) => {
  const path = join(directoryFor(t), 'a.sock');
  const listener = await listen(path, () => {});
  unlinkSync(path);
  writeFileSync(path, 'new');
  listener.close();
  t.ok(existsSync(path));
});

t.test('the error for a directory that is not created names it and the reason', async (t) => {
  const top = directoryFor(t);
  writeFileSync(join(top, 'file'), '');
  const cases: [path: string, message: RegExp][] = [
    [
      '/dev/null/below/a.sock',
      /\/dev\/null\/below does not exist .*\(\/dev\/null is not a directory\); create it first/,
    ],
    [join(top, 'file', 'below', 'a.sock'), /file is not a directory/],
    [join(top, 'one', 'two', 'a.sock'), /one: ENOENT\); create it first/],
    ['/proc/vmmci/a.sock', process.getuid?.() === 0 ? /mkdir failed: ENOENT/ : /belongs to another user/],
  ];
  for (const [path, message] of cases) {
    await t.rejects(
      listen(path, () => {}),
      { code: 'SOCKET_PATH', message },
    );
  }
  t.same(readdirSync(top), ['file'], 'no directory was created');
});

t.test('no directory is created in one of another user', { skip: notRoot }, async (t) => {
  const top = directoryFor(t);
  chownSync(top, 65534, 65534);
  await t.rejects(
    listen(join(top, 'new', 'a.sock'), () => {}),
    { code: 'SOCKET_PATH', message: /belongs to another user/ },
  );
  t.same(readdirSync(top), []);
});

t.test('the error for an impossible path names it', async (t) => {
  for (const path of ['', `/tmp/${'x'.repeat(110)}`, '/tmp/a\0b']) {
    t.equal(await caught(listen(path, () => {})), 'SOCKET_PATH');
    t.equal(await caught(connect(path)), 'SOCKET_PATH');
  }
});
