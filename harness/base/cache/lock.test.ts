import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { privateCache } from '../../testing/private-cache.js';
import { codeOf } from '../errors.js';
import { type LockHolder, withLock } from './lock.js';

/** A process of its own that takes the lock, starts a guarded sleeper in its own group, says so, and stays. */
const holder = `
import { spawn } from 'node:child_process';
import { withLock } from ${JSON.stringify(new URL('lock.js', import.meta.url).href)};
await withLock('shared', async (lock) => {
  const sleeper = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  lock.guard(sleeper.pid);
  lock.waste(process.argv[1]);
  process.stdout.write(sleeper.pid + '\\n');
  await new Promise((resolve) => setTimeout(resolve, 1e6));
});
`;

/** Dead, or a zombie that its new parent has not reaped yet. */
const isGone = async (pid: number): Promise<boolean> => {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status === '' || / Z /.test(status);
};

t.test('one at a time, in one process', async (t) => {
  privateCache(t);
  const events: string[] = [];
  let enter = () => {};
  let wait = (_holder: LockHolder) => {};
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const waiting = new Promise<LockHolder>((resolve) => {
    wait = resolve;
  });
  const first = withLock('one', async () => {
    events.push('first in');
    enter();
    await waiting;
    events.push('first out');
    return 1;
  });
  await entered;
  const second = withLock('one', async () => void events.push('second in'), {
    onWait: (holder) => wait(holder),
  });
  t.match(
    await waiting,
    { name: 'one', holder: `process ${process.pid}` },
    'the waiter knows whom it waits for',
  );
  t.equal(await first, 1);
  await second;
  t.strictSame(events, ['first in', 'first out', 'second in']);
});

t.test('other names do not wait, and a failure frees the lock', async (t) => {
  privateCache(t);
  const onWait = () => t.fail('nobody holds this lock');
  await withLock('a b/c', () => withLock('other', async () => {}, { onWait }), { onWait });
  await t.rejects(
    withLock('a b/c', async () => {
      throw new Error('mine');
    }),
    { message: 'mine' },
  );
  t.equal(await withLock('a b/c', async () => 'free', { onWait }), 'free');
});

t.test('SIGKILL of the holder ends and removes what it said, then frees the lock', async (t) => {
  const directory = join(privateCache(t), 'work');
  for (const name of ['w x', 'w x-debs', 'w y']) await mkdir(join(directory, name), { recursive: true });
  const waste = join(directory, 'w x');
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, waste], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [data] = await once(child.stdout, 'data');
  const sleeper = Number(String(data));
  t.notOk(await isGone(sleeper), 'the guarded process runs');
  let waitedFor: LockHolder | undefined;
  const taken = withLock('shared', () => isGone(sleeper), {
    onWait: (holder) => {
      waitedFor = holder;
      child.kill('SIGKILL');
    },
  });
  t.equal(await taken, true, 'the guarded process is gone before the lock is free');
  t.strictSame(await readdir(directory), ['w y'], 'what was half done is gone');
  t.match(waitedFor, { name: 'shared', holder: `process ${child.pid}` });
});

t.test('a holder that ends in good order takes nothing along', async (t) => {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const directory = join(privateCache(t), 'work');
  await mkdir(join(directory, 'kept'), { recursive: true });
  await withLock('done', async (lock) => {
    lock.guard(pid)();
    lock.waste(join(directory, 'kept'));
  });
  t.notOk(await isGone(pid));
  t.strictSame(await readdir(directory), ['kept']);
  child.kill('SIGKILL');
  await once(child, 'close');
});

t.test('no lock where there can be none', async (t) => {
  const path = join(privateCache(t), 'locks/y.lock');
  const before = process.env.PATH;
  t.teardown(() => {
    process.env.PATH = before;
  });
  process.env.PATH = '/nonexistent';
  const error = await withLock('y', async () => {}).catch((error: unknown) => error);
  t.equal(codeOf(error), 'CACHE_LOCK');
  t.match(error, { fields: { path } });
});
