// A lock between processes, held by a child flock(1). It is released when its holder dies, even from SIGKILL.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HarnessError } from '../errors.js';
import { ifExists } from '../if-exists.js';
import { withParent } from '../with-parent.js';
import { cacheDirectory } from './directory.js';
import { guardScript } from './guard.js';

/** Cleanup that the holder of a lock registers for the case that it is killed. */
export interface Lock {
  /**
   * If this process dies, the process group is killed before the lock is released. Call the returned function
   * when the group has ended. Use it for programs that do not die with their parent; start them `detached`,
   * so that they have their own process group.
   */
  guard(processGroup: number): () => void;
  /** If this process dies before `keep`, the path and the paths that add a `-suffix` to it are removed. */
  removeIfKilled(path: string): void;
  /** Cancels all calls of `removeIfKilled`. */
  keep(): void;
}

/** The holder of a lock: its own description, empty if it could not write one. */
export interface LockHolder {
  name: string;
  holder: string;
}

export interface LockOptions {
  /** Called once if the lock is held by another. */
  onWait?: ((holder: LockHolder) => void) | undefined;
}

/** The exit status of flock(1) if the lock is held; its default, 1, would also mean other failures. */
const conflictStatus = 75;

const describeSelf = (): string => `process ${process.pid}`;

interface Held {
  child: ChildProcess;
  /** Resolves when the guard has ended and the lock is released. */
  ended: Promise<void>;
}

/**
 * Starts flock(1) and resolves when it holds the lock; with `null` if the lock is held and `wait` is false.
 */
const acquire = (path: string, wait: boolean): Promise<Held | null> =>
  new Promise((resolve, reject) => {
    const flags = wait ? [] : ['--nonblock', '--conflict-exit-code', String(conflictStatus)];
    // Detached, because Ctrl-C reaches the whole foreground group, and the guard must clean up after it.
    // When this process dies, the kernel ends flock(1), which may still wait. If it has the lock, the guard
    // keeps that until it has cleaned up: it does not inherit the signal, but the descriptor.
    const words = [
      ...withParent('TERM'),
      ...['flock', ...flags, path, 'sh', '-c', guardScript, 'guard', path, describeSelf()],
    ];
    const child = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    let stderr = '';
    const fail = (reason: string, cause?: unknown) =>
      reject(new HarnessError('CACHE_LOCK', { path, reason }, cause));
    const ended = new Promise<void>((done) => child.once('close', () => done()));
    // `ended` reports the end of the guard; a write after it must not be an uncaught error.
    child.stdin.on('error', () => {});
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.once('error', (error) => fail(`cannot start flock(1) of util-linux: ${error.message}`, error));
    child.stdout.once('data', () => resolve({ child, ended }));
    child.once('close', (code, signal) => {
      if (code === conflictStatus) resolve(null);
      else fail(`flock(1) exited with ${signal ?? `status ${code}`}: ${stderr.trim()}`);
    });
  });

const holderOf = async (path: string): Promise<string> =>
  ((await ifExists(readFile(path, 'utf8'))) ?? '').trim();

/** The path of the lock file for `name`. */
export const lockPath = (name: string): string =>
  join(cacheDirectory(), 'locks', `${name.replaceAll(/[^\w.+-]/g, '_')}.lock`);

/**
 * Runs `fn` under the lock `name`, which excludes other processes and other calls in this process. Not
 * reentrant. The lock is released when `fn` has settled or this process has died. Rejects with CACHE_LOCK.
 */
export const withLock = async <T>(
  name: string,
  fn: (lock: Lock) => Promise<T>,
  { onWait }: LockOptions = {},
): Promise<T> => {
  const path = lockPath(name);
  await mkdir(dirname(path), { recursive: true });
  let held = await acquire(path, false);
  if (!held) {
    onWait?.({ name, holder: await holderOf(path) });
    held = await acquire(path, true);
  }
  if (!held) throw new HarnessError('CACHE_LOCK', { path, reason: 'flock(1) neither waited nor failed' });
  const { child, ended } = held;
  let released = false;
  let lost = false;
  void ended.then(() => {
    lost = !released;
  });
  const send = (line: string) => void child.stdin?.write(`${line}\n`);
  const guard = (group: number) => {
    send(`+ ${group}`);
    return () => send(`- ${group}`);
  };
  try {
    const removeIfKilled = (path: string) => send(`w ${path}`);
    const result = await fn({ guard, removeIfKilled, keep: () => send('k') });
    if (lost)
      throw new HarnessError('CACHE_LOCK', { path, reason: 'the flock(1) process that held it was killed' });
    return result;
  } finally {
    released = true;
    send('k');
    child.stdin?.end();
    await ended;
  }
};
