// Temporary directories that say in their name whose they are. A process that is killed cannot remove its own: the next
// one that needs one does, and nothing is left behind for longer than that.

import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from './errors.js';

export interface TemporaryDirectory {
  readonly path: string;
  /** Deletes it with all it holds. */
  remove(): void;
}

/** `vmmci-`, the namespace of the process (3 characters), when it was started (5), its id in base 36, and chance (6). */
const form = /^vmmci-([0-9a-z]{3})([0-9a-z]{5})-([0-9a-z]+)-[0-9A-Za-z]{6}$/;

const digest = (text: string, length: number): string =>
  BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)
    .toString(36)
    .slice(-length);

/** Ids mean something within a namespace and a boot only. */
const namespace = digest(
  readlinkSync('/proc/self/ns/pid') + readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
  3,
);

/** Tells a process from a later one of the same id; `undefined` where there is none (proc(5), field 22 of stat). */
const startOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return digest(stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? '', 5);
  } catch {
    return undefined; // it is gone, however that is told
  }
};

/** The beginning of the names of what this process makes. */
const ownPrefix = `vmmci-${namespace}${startOf(process.pid)}-${process.pid.toString(36)}-`;

/** Whether `name` is one of ours whose process does not run any more. */
const isLeftover = (name: string): boolean => {
  const [, where, start, pid = ''] = form.exec(name) ?? [];
  return where === namespace && startOf(Number.parseInt(pid, 36)) !== start;
};

const remove = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });

/** Parents that were looked through already: what dies while this process runs is left to the next one. */
const cleared = new Set<string>();

/** Removes from `parent`, once in a process, what dead processes of this user have left there. */
export const removeLeftovers = (parent: string): void => {
  if (cleared.has(parent)) return;
  cleared.add(parent);
  for (const name of readdirSync(parent).filter(isLeftover)) {
    const path = join(parent, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()) remove(path);
  }
};

/** A new directory of mode 0700 below TMPDIR. Throws TEMPORARY_DIRECTORY where there can be none. */
export const temporaryDirectory = (): TemporaryDirectory => {
  const parent = tmpdir();
  try {
    removeLeftovers(parent);
    const path = mkdtempSync(join(parent, ownPrefix));
    return { path, remove: () => remove(path) };
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new HarnessError('TEMPORARY_DIRECTORY', { path: parent, reason: code }, error);
  }
};
