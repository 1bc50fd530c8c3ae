// Records which process uses which cache entries, so that no process removes an entry that is in use.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { HarnessError } from '../errors.js';
import { ifExists, namesIn } from '../if-exists.js';
import { printable, shorten } from '../text.js';
import { cacheDirectory } from './directory.js';
import { lockPath, withLock } from './lock.js';

/**
 * A process holds this lock briefly to register as a user of an entry, or for as long as it removes entries.
 */
const usersLock = 'users';

const usersDirectory = (): string => join(cacheDirectory(), 'locks', 'users');

/**
 * Holds a lock on $1, the file of one process, while its standard input is open: that is, until the process
 * ends for any reason. Each line of its input names an entry. The script adds it to the file under the lock
 * $2 and then echoes it. Under that lock it also makes the file: a file without a lock counts as that of a
 * process that has ended.
 */
const holderScript = `
trap '' INT HUP TERM
exec 9>>"$2" || exit 1
flock 9
exec 8>>"$1" || exit 1
flock --nonblock 8 || exit 1
printf '%s\\n' "$3" >&8
exec 9>&-
while read -r entry; do
  exec 9>>"$2" || exit 1
  flock 9
  printf '%s\\n' "$entry" >&8
  exec 9>&-
  printf '%s\\n' "$entry"
done
rm -f -- "$1"
`;

/** Describes this process to a person, on one line: `process 123 (vmmci test --driver .)`. */
const describeSelf = (): string => {
  const words = [basename(process.argv[1] ?? 'node'), ...process.argv.slice(2)].join(' ');
  return `process ${process.pid} (${shorten(printable(words.replaceAll(/\s/g, ' ')), 80)})`;
};

interface Registration {
  /** The file of this process. */
  readonly path: string;
  /** Resolves when no process can remove the entry any more. Rejects with CACHE_LOCK. */
  add(entry: string): Promise<void>;
}

const register = async (): Promise<Registration> => {
  const directory = usersDirectory();
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${process.pid}-${randomBytes(4).toString('hex')}`);
  const child = spawn('sh', ['-c', holderScript, 'sh', path, lockPath(usersLock), describeSelf()], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const waiting = new Map<string, { done(): void; fail(error: Error): void }>();
  let end: Error | undefined;
  let stderr = '';
  const fail = (reason: string): void => {
    end = new HarnessError('CACHE_LOCK', { path, reason });
    for (const { fail } of waiting.values()) fail(end);
  };
  child.stdin.on('error', () => {});
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  child.once('error', ({ message }) => fail(message));
  child.once('close', (code) => fail(stderr.trim() || `its shell exited with status ${code}`));
  createInterface({ input: child.stdout }).on('line', (entry) => {
    waiting.get(entry)?.done();
    waiting.delete(entry);
    // The shell ends with this process, and must not keep it from ending.
    if (waiting.size === 0) child.unref();
  });
  for (const stream of [child.stdin, child.stdout, child.stderr])
    if (stream instanceof Socket) stream.unref();
  child.unref();
  return {
    path,
    add: (entry) =>
      new Promise((done, fail) => {
        if (end !== undefined) return fail(end);
        child.ref();
        waiting.set(entry, { done, fail });
        child.stdin.write(`${entry}\n`);
      }),
  };
};

/** The entries that this process uses, by cache directory. */
const own = new Map<string, { registration: Promise<Registration>; entries: Map<string, Promise<void>> }>();

const nameOf = (path: string): string => relative(cacheDirectory(), path).split(sep).join('/');

/**
 * Protects a path of the cache, and everything below it, from removal until this process has ended. Rejects
 * with CACHE_LOCK.
 */
export const useEntry = (path: string): Promise<void> => {
  const cache = cacheDirectory();
  const mine = own.get(cache) ?? { registration: register(), entries: new Map<string, Promise<void>>() };
  own.set(cache, mine);
  const name = nameOf(path);
  const added = mine.entries.get(name) ?? mine.registration.then(({ add }) => add(name));
  mine.entries.set(name, added);
  return added;
};

/** A process that uses entries of the cache. */
interface User {
  readonly description: string;
  readonly entries: readonly string[];
}

/** Prints those of its arguments that are files of processes that have ended. */
const deadScript = 'for each; do flock --nonblock "$each" true && printf "%s\\n" "$each"; done; :';

/** All other processes that use entries. Call it only under the users lock. */
const otherUsers = async (): Promise<User[]> => {
  const directory = usersDirectory();
  const mine = await own.get(cacheDirectory())?.registration;
  const names = await namesIn(directory);
  const paths = names.map((name) => join(directory, name)).filter((path) => path !== mine?.path);
  if (paths.length === 0) return [];
  const { stdout } = await execa('sh', ['-c', deadScript, 'sh', ...paths]);
  const dead = new Set(stdout.split('\n'));
  const users: User[] = [];
  for (const path of paths) {
    if (dead.has(path)) {
      await rm(path, { force: true, recursive: true });
      continue;
    }
    const text = await ifExists(readFile(path, 'utf8'));
    if (text === undefined) continue; // the process has ended meanwhile
    const [description = '', ...entries] = text.trimEnd().split('\n');
    users.push({ description, entries });
  }
  return users;
};

const overlaps = (a: string, b: string): boolean =>
  `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);

/** Describes the other processes that use a path of the cache, or a path below or above it. */
export type UsersOf = (path: string) => string[];

/**
 * Runs `fn` while no process can start to use an entry; processes that want to do so wait. `fn` must not
 * remove entries that are in use.
 */
export const whileNoNewUsers = <T>(fn: (usersOf: UsersOf) => Promise<T>): Promise<T> =>
  withLock(usersLock, async () => {
    const users = await otherUsers();
    return fn((path) =>
      users
        .filter(({ entries }) => entries.some((entry) => overlaps(entry, nameOf(path))))
        .map(({ description }) => description),
    );
  });

/**
 * Runs `fn`, which removes these paths. Rejects with CACHE_IN_USE instead if another process uses one of
 * them.
 */
export const whileUnused = <T>(what: string, paths: readonly string[], fn: () => Promise<T>): Promise<T> =>
  whileNoNewUsers(async (usersOf) => {
    const users = [...new Set(paths.flatMap(usersOf))];
    if (users.length === 0) return fn();
    const [first = '', ...others] = users;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    throw new HarnessError('CACHE_IN_USE', { what, users: `${first}${more}` });
  });
