// Checks what the host must provide before a tool root can be made. Runs first, so that nothing is left half
// done.

import { constants } from 'node:fs';
import { access, readFile, statfs } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../../harness/base/errors.js';
import { ifExists } from '../../harness/base/if-exists.js';
import { asset } from '../asset.js';
import { namespaceFailure } from './entry-failure.js';
import { asRoot, isRoot, userName } from './host-command.js';

interface HostProgram {
  /** A name to look for in PATH, or the absolute path of a file. */
  program: string;
  package: string;
  who: 'all' | 'user';
}

/** The table in `images/toolroot/host-packages`, which the bootstrap script reads too. */
export const parseHostPackages = (text: string): HostProgram[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [program = '', name = '', who = ''] = line.trim().split(/\s+/);
      return { program, package: name, who: who === 'user' ? 'user' : 'all' };
    });

/** Also searches root's directories, since an ordinary user's PATH often has no sbin. */
const isInstalled = async (program: string): Promise<boolean> => {
  const can = (path: string, mode: number) =>
    access(path, mode).then(
      () => true,
      () => false,
    );
  if (isAbsolute(program)) return can(program, constants.R_OK);
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const directory of directories) if (await can(join(directory, program), constants.X_OK)) return true;
  return false;
};

const checkPrograms = async (needs: (row: HostProgram) => boolean = () => true): Promise<void> => {
  const table = parseHostPackages(await readFile(asset('toolroot', 'host-packages'), 'utf8'));
  const required = table.filter(needs);
  const missing: HostProgram[] = [];
  for (const row of required) {
    if (row.who === 'user' && isRoot()) continue;
    if (!(await isInstalled(row.program))) missing.push(row);
  }
  if (missing.length === 0) return;
  throw new HarnessError('HOST_PROGRAM', {
    programs: missing.map((row) => row.program).join(', '),
    command: asRoot(`apt-get install ${[...new Set(missing.map((row) => row.package))].join(' ')}`),
  });
};

/**
 * The size of the user's largest range in `text`, whose lines are `name-or-uid:first:count`, see subuid(5).
 */
export const countSubordinateIds = (text: string, user: string, uid: number): number =>
  text
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name]) => name === user || name === String(uid))
    .reduce((largest, [, , count]) => Math.max(largest, Number(count) || 0), 0);

const subordinateIdFiles: readonly string[] = ['/etc/subuid', '/etc/subgid'];

/**
 * Rejects with HOST_SUBUID if one of the files is missing or has no range for this user that is large enough.
 */
export const checkSubordinateIds = async (files = subordinateIdFiles): Promise<void> => {
  const username = userName();
  for (const file of files) {
    const text = (await ifExists(readFile(file, 'utf8'))) ?? '';
    if (countSubordinateIds(text, username, process.getuid?.() ?? 0) >= 65536) continue;
    throw new HarnessError('HOST_SUBUID', {
      user: username,
      file,
      command: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`,
    });
  }
};

/**
 * Rejects with HOST_NAMESPACE if bubblewrap cannot create its namespaces. It tries, because several kernel
 * settings and containers forbid it.
 */
export const checkNamespaces = async (): Promise<void> => {
  const user = isRoot() ? [] : ['--unshare-user'];
  const result = await execa(
    'bwrap',
    [...user, '--unshare-pid', '--unshare-net', '--ro-bind', '/', '/', '--proc', '/proc', 'true'],
    { reject: false },
  );
  if (!result.failed) return;
  throw namespaceFailure(result.stderr || result.shortMessage || '');
};

const mega = (bytes: number): number => Math.round(bytes / 1e6);

/**
 * Rejects with HOST_SPACE unless the file system of `path` has `needed` bytes free. `variable` is the
 * environment variable that sets `path`.
 */
export const checkSpace = async (
  what: string,
  path: string,
  needed: number,
  variable: string,
): Promise<void> => {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new HarnessError('HOST_SPACE', {
    what,
    path,
    variable,
    neededMB: mega(needed),
    freeMB: mega(free),
  });
};

/**
 * Rejects with HOST_PROGRAM, HOST_SUBUID or HOST_NAMESPACE if the host cannot make or enter a tool root. Each
 * error names the command that helps.
 */
export const checkHost = async (): Promise<void> => {
  await checkPrograms();
  if (!isRoot()) await checkSubordinateIds();
  await checkNamespaces();
};

/** Programs that every run needs, even when the tool root exists. */
const runPrograms: readonly string[] = ['bwrap', 'setpriv'];

/** Rejects with HOST_PROGRAM if the host lacks a program that every run needs. */
export const checkRunPrograms = (): Promise<void> =>
  checkPrograms(({ program }) => runPrograms.includes(program));
