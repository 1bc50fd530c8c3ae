// Temporary directories whose names identify the process that owns them. A killed process cannot remove its
// directories; the next process that needs one removes them.

import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from './errors.js';
import { messageOf, systemCode } from './thrown.js';

export interface TemporaryDirectory {
  readonly path: string;
  /** Removes the directory and its contents. */
  remove(): void;
}

/**
 * `vmmci-`, PID namespace (3 characters), start time (5), process id in base 36, and random characters (6).
 */
const namePattern = /^vmmci-([0-9a-z]{3})([0-9a-z]{5})-([0-9a-z]+)-[0-9A-Za-z]{6}$/;

const digest = (text: string, length: number): string =>
  BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)
    .toString(36)
    .slice(-length);

/** A process id is unique only within a PID namespace and a boot. */
const namespace = digest(
  readlinkSync('/proc/self/ns/pid') + readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
  3,
);

/**
 * A digest of the start time of a process (proc(5), field 22 of stat), since ids are reused; `undefined` if
 * it does not run.
 */
const startOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return digest(stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? '', 5);
  } catch {
    return undefined; // the process has ended; the error code depends on when
  }
};

/** The prefix of the directories of this process. */
const ownPrefix = `vmmci-${namespace}${startOf(process.pid)}-${process.pid.toString(36)}-`;

/** True if `name` is a directory of a harness process that has ended. */
const isLeftover = (name: string): boolean => {
  const [, where, start, pid = ''] = namePattern.exec(name) ?? [];
  return where === namespace && startOf(Number.parseInt(pid, 36)) !== start;
};

const remove = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });

/** Parents that were already cleared. Processes that die later are left to the next process. */
const cleared = new Set<string>();

/** Removes the directories of this user's dead processes from `parent`, once per process. */
export const removeLeftovers = (parent: string): void => {
  if (cleared.has(parent)) return;
  cleared.add(parent);
  for (const name of readdirSync(parent).filter(isLeftover)) {
    const path = join(parent, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()) remove(path);
  }
};

/** The paths that this process must remove. */
const owned = new Set<string>();

/** After a signal, a command exits without waiting for its functions to remove what they have made. */
const removeAtExit = (): void => {
  for (const path of owned)
    try {
      remove(path);
    } catch {
      // A process that is about to die still writes there: the next process removes the rest.
    }
};

/** Removes the path when this process exits, or when the returned function is called. */
export const removeLater = (path: string): (() => void) => {
  if (owned.size === 0) {
    process.off('exit', removeAtExit);
    process.once('exit', removeAtExit);
  }
  owned.add(path);
  return () => {
    remove(path);
    owned.delete(path);
  };
};

/**
 * Creates a directory with mode 0700 below TMPDIR, which is removed at the latest when this process exits.
 * Throws TEMPORARY_DIRECTORY if that fails.
 */
export const temporaryDirectory = (): TemporaryDirectory => {
  const parent = tmpdir();
  try {
    removeLeftovers(parent);
    const path = mkdtempSync(join(parent, ownPrefix));
    return { path, remove: removeLater(path) };
  } catch (error) {
    const reason = systemCode(error) ?? messageOf(error);
    throw new HarnessError('TEMPORARY_DIRECTORY', { path: parent, reason }, error);
  }
};
