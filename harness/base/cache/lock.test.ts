import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { isRunning } from '../../testing/is-running.js';
import { lateSetpriv } from '../../testing/late-setpriv.js';
import { privateCache } from '../../testing/private-cache.js';
import { codeOf } from '../errors.js';
import { type LockHolder, withLock } from './lock.js';

/**
 * A process that acquires the lock, starts a guarded sleep(1) in its own process group, prints its id, and
 * waits.
 */
const holder = `
import { spawn } from 'node:child_process';
import { withLock } from ${JSON.stringify(new URL('lock.js', import.meta.url).href)};
await withLock('shared', async (lock) => {
  const sleeper = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  lock.guard(sleeper.pid);
  lock.removeIfKilled(process.argv[1]);
  process.stdout.write(sleeper.pid + '\\n');
  await new Promise((resolve) => setTimeout(resolve, 1e6));
});
`;

t.test('within one process, one holder at a time', async (t) => {
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
    'the waiting call gets a description of the holder',
  );
  t.equal(await first, 1);
  await second;
  t.strictSame(events, ['first in', 'first out', 'second in']);
});

t.test('locks with other names are independent, and a failure releases the lock', async (t) => {
  privateCache(t);
  const onWait = () => t.fail('waited for a free lock');
  await withLock('a b/c', () => withLock('other', async () => {}, { onWait }), { onWait });
  await t.rejects(
    withLock('a b/c', async () => {
      throw new Error('mine');
    }),
    { message: 'mine' },
  );
  t.equal(await withLock('a b/c', async () => 'free', { onWait }), 'free');
});

t.test(
  'SIGKILL of the holder kills its guarded processes, removes its paths, and then releases the lock',
  async (t) => {
    const directory = join(privateCache(t), 'work');
    for (const name of ['w x', 'w x-debs', 'w y']) await mkdir(join(directory, name), { recursive: true });
    const path = join(directory, 'w x');
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [data] = await once(child.stdout, 'data');
    const sleeper = Number(String(data));
    t.ok(isRunning(sleeper), 'the guarded process runs');
    let waitedFor: LockHolder | undefined;
    const taken = withLock('shared', async () => isRunning(sleeper), {
      onWait: (holder) => {
        waitedFor = holder;
        child.kill('SIGKILL');
      },
    });
    t.equal(await taken, false, 'the guarded process has ended before the lock is released');
    t.strictSame(await readdir(directory), ['w y'], 'the unfinished paths are removed');
    t.match(waitedFor, { name: 'shared', holder: `process ${child.pid}` });
  },
);

/** A process that waits for the lock, and prints a line when it does. */
const waiter = `
import { withLock } from ${JSON.stringify(new URL('lock.js', import.meta.url).href)};
await withLock('waited-for', async () => {}, { onWait: () => void process.stdout.write('waits\\n') });
`;

/** The ids of processes with this text in their command lines. */
const processesWith = async (text: string): Promise<number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => lines[index]?.includes(text)).map(Number);
};

for (const [when, program] of [
  ['waits', undefined],
  ['starts to wait', lateSetpriv('--nonblock')],
] as const)
  t.test(`a process that is killed while it ${when} leaves no other that waits`, async (t) => {
    privateCache(t);
    const programs = t.testdir(program === undefined ? {} : { setpriv: program });
    if (program !== undefined) await chmod(join(programs, 'setpriv'), 0o755);
    await withLock('waited-for', async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', waiter], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
      });
      await once(child.stdout, 'data');
      let [flock] = await processesWith(`process ${child.pid}\0`);
      // flock(1) starts right after the line.
      while (flock === undefined) [flock] = await processesWith(`process ${child.pid}\0`);
      child.kill('SIGKILL');
      while (isRunning(flock)) await new Promise(setImmediate);
      t.pass('flock(1) has ended while the lock is held');
    });
  });

t.test('a holder that ends normally kills and removes nothing', async (t) => {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const directory = join(privateCache(t), 'work');
  await mkdir(join(directory, 'kept'), { recursive: true });
  await withLock('done', async (lock) => {
    lock.guard(pid)();
    lock.removeIfKilled(join(directory, 'kept'));
  });
  t.ok(isRunning(pid));
  t.strictSame(await readdir(directory), ['kept']);
  child.kill('SIGKILL');
  await once(child, 'close');
});

t.test('a missing flock program is an error', async (t) => {
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
