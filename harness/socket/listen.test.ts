import { existsSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { codeOf } from '../base/errors.js';
import type { Channel } from './channel.js';
import { connect } from './connect.js';
import { bindTo, closeFd, streamSocket } from './libc.js';
import { listen } from './listen.js';
import { privateDirectory } from './private-directory.js';

const directoryFor = (t: Test): string => {
  const directory = privateDirectory();
  t.teardown(directory.remove);
  return directory.path;
};

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

t.test('a directory that cannot be made is named', async (t) => {
  const path = '/dev/null/below/a.sock';
  await t.rejects(
    listen(path, () => {}),
    { code: 'SOCKET_PATH', message: /\/dev\/null\/below cannot be made: ENOTDIR/ },
  );
});

t.test('paths that cannot be sockets are named', async (t) => {
  for (const path of ['', `/tmp/${'x'.repeat(110)}`, '/tmp/a\0b']) {
    t.equal(await caught(listen(path, () => {})), 'SOCKET_PATH');
    t.equal(await caught(connect(path)), 'SOCKET_PATH');
  }
});
