import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../../testing/eventually.js';
import { privateCache } from '../../testing/private-cache.js';
import { codeOf } from '../errors.js';
import { keepNewest } from './keep-newest.js';
import { lockPath } from './lock.js';
import { useEntry, whileNoNewUsers, whileUnused } from './users.js';

/** A process that uses an entry, prints a line, and runs until its standard input ends. */
const user = `
import { useEntry } from ${JSON.stringify(new URL('users.js', import.meta.url).href)};
await useEntry(process.argv[1]);
process.stdout.write('in\\n');
process.stdin.resume();
`;

const startUser = async (path: string, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', user, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
};

/** Resolves when a user has ended and its shell, which ends a moment later, has removed the record of it. */
const untilGone = async (child: ChildProcess, cache: string): Promise<void> => {
  await once(child, 'close');
  const users = join(cache, 'locks', 'users');
  await eventually(() => !readdirSync(users).some((name) => name.startsWith(`${child.pid}-`)));
};

/**
 * Resolves when a process waits for the lock on that file, or when `isDone` returns true; /proc/locks marks a
 * process that waits with an arrow.
 */
const untilContended = async (path: string, isDone = () => false): Promise<void> => {
  const { ino } = await stat(path);
  const line = new RegExp(`^\\d+: -> .*:${ino} `, 'm');
  while (!isDone() && !line.test(await readFile('/proc/locks', 'utf8')));
};

const codeFrom = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(() => undefined, codeOf);

t.test('an entry cannot be removed while another process uses it', async (t) => {
  const cache = privateCache(t);
  const path = join(cache, 'kernels', 'x');
  const child = await startUser(path);
  let removed = 0;
  const remove = async () => {
    removed += 1;
  };
  for (const used of [path, join(cache, 'kernels'), join(path, 'boot')])
    t.equal(await codeFrom(whileUnused('that', [used], remove)), 'CACHE_IN_USE', used.slice(cache.length));
  await t.rejects(whileUnused('kernel x', [path], remove), {
    message: new RegExp(`^kernel x is in use by process ${child.pid} \\(`),
  });
  t.equal(removed, 0);
  await whileUnused('that', [join(cache, 'kernels', 'xy'), join(cache, 'modules')], remove);
  t.equal(removed, 1, 'other entries are not in use');
  child.stdin?.end();
  await untilGone(child, cache);
  await whileUnused('that', [path], remove);
  t.equal(removed, 2);
});

t.test('after SIGKILL of its user an entry can be removed', async (t) => {
  const cache = privateCache(t);
  const path = join(cache, 'kernels', 'x');
  const child = await startUser(path);
  child.kill('SIGKILL');
  await untilGone(child, cache);
  await whileUnused('that', [path], async () => t.pass('removed'));
});

/** flock(1) that waits before it locks the file of its process. */
const lateFlock = `#!/bin/sh
here=\${0%/*}
if [ "$*" = '--nonblock 8' ]; then
  : >"$here/waits"
  until [ -e "$here/go" ]; do sleep 0.01; done
fi
PATH=\${PATH#*:} exec flock "$@"
`;

t.test('a process that is just registering is not taken for one that has ended', async (t) => {
  const cache = privateCache(t);
  const path = join(cache, 'kernels', 'x');
  const programs = t.testdir({ flock: lateFlock });
  await chmod(join(programs, 'flock'), 0o755);
  const user = startUser(path, { PATH: `${programs}:${process.env.PATH}` });
  await eventually(() => existsSync(join(programs, 'waits')));
  let isDone = false;
  const removal = codeFrom(whileUnused('that', [path], async () => {})).finally(() => {
    isDone = true;
  });
  await untilContended(lockPath('users'), () => isDone);
  await writeFile(join(programs, 'go'), '');
  const child = await user;
  t.teardown(() => child.kill('SIGKILL'));
  await removal; // before or after the process has named the entry
  t.equal(await codeFrom(whileUnused('that', [path], async () => {})), 'CACHE_IN_USE');
  child.stdin?.end();
  await untilGone(child, cache);
});

t.test('what no process registered is not a user', async (t) => {
  const users = join(privateCache(t), 'locks', 'users');
  await mkdir(join(users, 'directory', 'more'), { recursive: true });
  await writeFile(join(users, 'garbage'), Buffer.of(0xff, 0, 10));
  t.strictSame(await whileNoNewUsers(async (usersOf) => usersOf('garbage')), []);
  t.strictSame(await readdir(users), []);
});

t.test('a process can remove entries that it uses itself', async (t) => {
  const cache = privateCache(t);
  const paths = ['a', 'b', 'c'].map((name) => join(cache, 'kernels', name));
  await Promise.all([...paths, ...paths].map(useEntry));
  await whileUnused('that', paths, async () => t.pass('removed'));
});

t.test('a process that starts to use an entry waits until a removal is done', async (t) => {
  const cache = privateCache(t);
  const events: string[] = [];
  let entering: Promise<void> | undefined;
  await whileNoNewUsers(async () => {
    entering = useEntry(join(cache, 'x')).then(() => void events.push('used'));
    await untilContended(lockPath('users'));
    events.push('removed');
  });
  await entering;
  t.strictSame(events, ['removed', 'used']);
});

t.test('keepNewest keeps the newest entries, and those in use or being built', async (t) => {
  const cache = privateCache(t);
  const directory = join(cache, 'kernels');
  for (const name of ['old', 'used', 'older-2', 'current', '.x.partial-1', 'new'])
    await mkdir(join(directory, name), { recursive: true });
  const child = await startUser(join(directory, 'used'));
  await keepNewest(directory, { count: 2, always: ['current'], filter: (name) => name !== 'older-2' });
  t.strictSame((await readdir(directory)).sort(), ['.x.partial-1', 'current', 'new', 'older-2', 'used']);
  child.stdin?.end();
  await untilGone(child, cache);
  await keepNewest(directory, { count: 0, always: ['current'] });
  t.strictSame((await readdir(directory)).sort(), ['.x.partial-1', 'current']);
});

t.test('nothing is removed while the list of users cannot be read', async (t) => {
  const cache = privateCache(t);
  await mkdir(join(cache, 'locks'), { recursive: true });
  await symlink('users', join(cache, 'locks', 'users'));
  const remove = async () => t.fail('removed, although the entry may be in use');
  await t.rejects(whileUnused('that', [join(cache, 'kernels')], remove), { code: 'ELOOP' });
});
