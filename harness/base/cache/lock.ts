// A lock between processes that is free again the moment its holder is dead, SIGKILL included: flock(1) as our child.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HarnessError } from '../errors.js';
import { cacheDirectory } from './directory.js';
import { guardScript } from './guard.js';

/** What the holder of a lock can do with it. */
export interface Lock {
  /**
   * Has this process group ended, before the lock is free, if we die; the returned function says that it has ended by itself.
   * For programs that do not die with their parent (start them `detached`, so that they are a group of their own).
   */
  guard(processGroup: number): () => void;
  /** Is this path, with all that is named like it plus a `-suffix`, to be removed if we die before `keep`. */
  waste(path: string): void;
  keep(): void;
}

/** Who holds a lock that somebody waits for, as that holder described itself; empty if it could not. */
export interface LockHolder {
  name: string;
  holder: string;
}

export interface LockOptions {
  /** Called once, if the lock is not free at once. */
  onWait?: ((holder: LockHolder) => void) | undefined;
}

/** flock(1)'s exit status for "somebody else has it"; 1 would also be the status of other failures. */
const conflict = 75;

const describeSelf = (): string => `process ${process.pid}`;

interface Held {
  child: ChildProcess;
  /** Settles when the guard has ended: the lock is free then. */
  ended: Promise<void>;
}

/** Starts flock(1) and resolves when it holds the lock; `null` if somebody else has it and we did not want to wait. */
const take = (path: string, wait: boolean): Promise<Held | null> =>
  new Promise((resolve, reject) => {
    const flags = wait ? [] : ['--nonblock', '--conflict-exit-code', String(conflict)];
    // Detached: Ctrl-C reaches the whole foreground group, and the guard has work to do after it.
    const child = spawn('flock', [...flags, path, 'sh', '-c', guardScript, 'guard', path, describeSelf()], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let complaint = '';
    const fail = (reason: string, cause?: unknown) =>
      reject(new HarnessError('CACHE_LOCK', { path, reason }, cause));
    const ended = new Promise<void>((done) => child.once('close', () => done()));
    // The guard being gone is seen by `ended`; a write that comes too late must not be an uncaught error.
    child.stdin.on('error', () => {});
    child.stderr.on('data', (data) => {
      complaint += data;
    });
    child.once('error', (error) => fail(`flock(1) of util-linux does not start: ${error.message}`, error));
    child.stdout.once('data', () => resolve({ child, ended }));
    child.once('close', (code, signal) => {
      if (code === conflict) resolve(null);
      else fail(`flock(1) ended with ${signal ?? `status ${code}`}: ${complaint.trim()}`);
    });
  });

const holderOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );

/** The file of the lock called `name`. */
export const lockPath = (name: string): string =>
  join(cacheDirectory(), 'locks', `${name.replaceAll(/[^\w.+-]/g, '_')}.lock`);

/**
 * Runs `fn` while no other process, and no other call here, runs one under the same name. Not reentrant.
 * The lock is free when `fn` has settled or this process is dead. CACHE_LOCK if there can be no lock.
 */
export const withLock = async <T>(
  name: string,
  fn: (lock: Lock) => Promise<T>,
  { onWait }: LockOptions = {},
): Promise<T> => {
  const path = lockPath(name);
  await mkdir(dirname(path), { recursive: true });
  let held = await take(path, false);
  if (!held) {
    onWait?.({ name, holder: await holderOf(path) });
    held = await take(path, true);
  }
  if (!held) throw new HarnessError('CACHE_LOCK', { path, reason: 'flock(1) neither waited nor failed' });
  const { child, ended } = held;
  let released = false;
  let lost = false;
  void ended.then(() => {
    lost = !released;
  });
  const tell = (line: string) => void child.stdin?.write(`${line}\n`);
  const guard = (group: number) => {
    tell(`+ ${group}`);
    return () => tell(`- ${group}`);
  };
  try {
    const waste = (path: string) => tell(`w ${path}`);
    const result = await fn({ guard, waste, keep: () => tell('k') });
    if (lost) throw new HarnessError('CACHE_LOCK', { path, reason: 'its holder was killed meanwhile' });
    return result;
  } finally {
    released = true;
    tell('k');
    child.stdin?.end();
    await ended;
  }
};
