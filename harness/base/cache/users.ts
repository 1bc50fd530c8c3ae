// Which entries of the cache are in use, and by which process: so that nobody removes them meanwhile.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { HarnessError } from '../errors.js';
import { printable, shorten } from '../text.js';
import { cacheDirectory } from './directory.js';
import { lockPath, withLock } from './lock.js';

/** The lock that a process takes for a moment to enter an entry, and that one that removes entries holds until it is done. */
const gateName = 'users';

const usersDirectory = (): string => join(cacheDirectory(), 'locks', 'users');

/**
 * Holds a lock on $1, the file of one process, for as long as its standard input is open: that is, until the process ends, however it
 * ends. Each line of its input is an entry, which is added to the file under the gate $2, and then answered.
 */
const holderScript = `
trap '' INT HUP TERM
exec 8>>"$1" || exit 1
flock --nonblock 8 || exit 1
printf '%s\\n' "$3" >&8
while read -r entry; do
  exec 9>>"$2" || exit 1
  flock 9
  printf '%s\\n' "$entry" >&8
  exec 9>&-
  printf '%s\\n' "$entry"
done
rm -f -- "$1"
`;

/** What a person knows this process by: `process 123 (vmmci test --driver .)`. One line. */
const describeSelf = (): string => {
  const words = [basename(process.argv[1] ?? 'node'), ...process.argv.slice(2)].join(' ');
  return `process ${process.pid} (${shorten(printable(words.replaceAll(/\s/g, ' ')), 80)})`;
};

interface Registration {
  /** The file of this process. */
  readonly path: string;
  /** Resolves when nobody can remove the entry any more. CACHE_LOCK. */
  add(entry: string): Promise<void>;
}

const start = async (): Promise<Registration> => {
  const directory = usersDirectory();
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${process.pid}-${randomBytes(4).toString('hex')}`);
  const child = spawn('sh', ['-c', holderScript, 'sh', path, lockPath(gateName), describeSelf()], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const waiting = new Map<string, { done(): void; fail(error: Error): void }>();
  let end: Error | undefined;
  let complaint = '';
  const fail = (reason: string): void => {
    end = new HarnessError('CACHE_LOCK', { path, reason });
    for (const { fail } of waiting.values()) fail(end);
  };
  child.stdin.on('error', () => {});
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  child.once('error', ({ message }) => fail(message));
  child.once('close', (code) => fail(complaint.trim() || `its shell ended with status ${code}`));
  createInterface({ input: child.stdout }).on('line', (entry) => {
    waiting.get(entry)?.done();
    waiting.delete(entry);
    // The shell ends when this process does, and must not keep it from ending.
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

/** What this process has entered, for each cache directory that it has used. */
const own = new Map<string, { registration: Promise<Registration>; entries: Map<string, Promise<void>> }>();

const nameOf = (path: string): string => relative(cacheDirectory(), path).split(sep).join('/');

/** Keeps a path of the cache, and all below it, from being removed until this process has ended. CACHE_LOCK if that cannot be. */
export const useEntry = (path: string): Promise<void> => {
  const cache = cacheDirectory();
  const mine = own.get(cache) ?? { registration: start(), entries: new Map<string, Promise<void>>() };
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

/** Prints which of its arguments are files of processes that have ended. */
const deadScript = 'for each; do flock --nonblock "$each" true && printf "%s\\n" "$each"; done; :';

/** All processes but this one that use entries. For the holder of the gate. */
const otherUsers = async (): Promise<User[]> => {
  const directory = usersDirectory();
  const mine = await own.get(cacheDirectory())?.registration.catch(() => undefined);
  const names = await readdir(directory).catch(() => []);
  const paths = names.map((name) => join(directory, name)).filter((path) => path !== mine?.path);
  if (paths.length === 0) return [];
  const { stdout } = await execa('sh', ['-c', deadScript, 'sh', ...paths]);
  const dead = new Set(stdout.split('\n'));
  const users: User[] = [];
  for (const path of paths) {
    if (dead.has(path)) {
      await rm(path, { force: true });
      continue;
    }
    const [description = '', ...entries] = (await readFile(path, 'utf8').catch(() => ''))
      .trimEnd()
      .split('\n');
    users.push({ description, entries });
  }
  return users;
};

const overlaps = (a: string, b: string): boolean =>
  `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);

/** Tells who else uses a path of the cache or something below or above it: descriptions of processes. */
export type UsersOf = (path: string) => string[];

/**
 * Runs `fn` while no process can begin to use an entry; what `fn` removes must not be in use. Processes that want to enter one wait.
 */
export const whileNobodyEnters = <T>(fn: (usersOf: UsersOf) => Promise<T>): Promise<T> =>
  withLock(gateName, async () => {
    const users = await otherUsers();
    return fn((path) =>
      users
        .filter(({ entries }) => entries.some((entry) => overlaps(entry, nameOf(path))))
        .map(({ description }) => description),
    );
  });

/** Runs `fn`, which removes these paths. CACHE_IN_USE, before anything is done, if another process uses one of them. */
export const whileUnused = <T>(what: string, paths: readonly string[], fn: () => Promise<T>): Promise<T> =>
  whileNobodyEnters(async (usersOf) => {
    const users = [...new Set(paths.flatMap(usersOf))];
    if (users.length === 0) return fn();
    const [first = '', ...others] = users;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    throw new HarnessError('CACHE_IN_USE', { what, users: `${first}${more}` });
  });
