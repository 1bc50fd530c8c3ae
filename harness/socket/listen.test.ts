import { chownSync, existsSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { codeOf } from '../base/errors.js';
import { bindTo, closeFd, streamSocket } from '../host/libc.js';
import type { Channel } from './channel.js';
import { connect } from './connect.js';
import { listen } from './listen.js';
import { privateDirectory } from './private-directory.js';

const directoryFor = (t: Test): string => {
  const directory = privateDirectory();
  t.teardown(directory.remove);
  return directory.path;
};

/** Who is not root cannot give a directory to somebody else. */
const notRoot = process.getuid?.() === 0 ? false : 'needs root';

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, codeOf);

t.test('a listener is private and gives connected channels', async (t) => {
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
  t.notOk(existsSync(path), 'the socket file is gone');
  t.equal(await caught(connect(path)), 'SOCKET_IO');
  client.close();
  accepted[0]?.close();
});

t.test('a path in use is refused, a dead one replaced, a file left alone', async (t) => {
  const directory = directoryFor(t);
  writeFileSync(join(directory, 'file'), 'precious');
  const path = join(directory, 'a.sock');
  const first = await listen(path, (channel) => channel.close());
  t.equal(await caught(listen(path, () => {})), 'SOCKET_IN_USE');
  t.ok(existsSync(path), 'the refused one did not take the socket away');
  first.close();

  const dead = streamSocket(path);
  bindTo(dead, path);
  closeFd(dead);
  t.ok(existsSync(path), 'a dead socket file lies there');
  (await listen(path, () => {})).close();

  t.equal(await caught(listen(join(directory, 'file'), () => {})), 'SOCKET_PATH');
  t.ok(existsSync(join(directory, 'file')));
});

t.test('closing does not remove a file that somebody else put there', async (t) => {
  const path = join(directoryFor(t), 'a.sock');
  const listener = await listen(path, () => {});
  unlinkSync(path);
  writeFileSync(path, 'new');
  listener.close();
  t.ok(existsSync(path));
});

t.test('a directory that is not made is named, with the reason', async (t) => {
  const top = directoryFor(t);
  writeFileSync(join(top, 'file'), '');
  const cases: [path: string, message: RegExp][] = [
    [
      '/dev/null/below/a.sock',
      /\/dev\/null\/below does not exist .* \/dev\/null is not a directory; make it first/,
    ],
    [join(top, 'file', 'below', 'a.sock'), /file is not a directory/],
    [join(top, 'one', 'two', 'a.sock'), /one: ENOENT; make it first/],
    ['/proc/vmmci/a.sock', process.getuid?.() === 0 ? /mkdir failed: ENOENT/ : /belongs to another user/],
  ];
  for (const [path, message] of cases) {
    await t.rejects(
      listen(path, () => {}),
      { code: 'SOCKET_PATH', message },
    );
  }
  t.same(readdirSync(top), ['file'], 'nothing was made');
});

t.test('no directory is made in one of another user', { skip: notRoot }, async (t) => {
  const top = directoryFor(t);
  chownSync(top, 65534, 65534);
  await t.rejects(
    listen(join(top, 'new', 'a.sock'), () => {}),
    { code: 'SOCKET_PATH', message: /belongs to another user/ },
  );
  t.same(readdirSync(top), []);
});

t.test('paths that cannot be sockets are named', async (t) => {
  for (const path of ['', `/tmp/${'x'.repeat(110)}`, '/tmp/a\0b']) {
    t.equal(await caught(listen(path, () => {})), 'SOCKET_PATH');
    t.equal(await caught(connect(path)), 'SOCKET_PATH');
  }
});
