// Examines the data disk from the host after its machine has ended: the image, the file system and the files.

import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import type { Disk } from '../../harness/qemu/argv.js';
import type { Environment } from '../../harness/run/environment.js';
import { type CheckResult, checkImage, flattenImage } from '../../images/qemu-img/image.js';
import { runInToolRoot } from '../../images/toolroot/run.js';

export interface DataDisk {
  /** Path of the raw copy that was examined, with the journal replayed. */
  readonly copy: string;
  /** The result of `qemu-img check`. */
  readonly image: CheckResult;
  /** `recovery`: the file system was still mounted, and its journal has unfinished changes. */
  readonly state: 'clean' | 'recovery';
  /** True if e2fsck has nothing to repair, after a replay of the journal if it needed one. */
  readonly sound: boolean;
  /** The output of dumpe2fs and e2fsck, with their exit statuses. */
  readonly report: string;
  /** The content of a file in the root directory after the replay; empty if the file does not exist. */
  content(name: string): Promise<Buffer>;
}

/**
 * Exit statuses of e2fsck(8) that are results about the file system; the others are errors of e2fsck or the
 * host.
 */
const findings = [0, 1, 2, 4] as const;

/** The error of dumpe2fs if the disk has no superblock any more. */
const noFileSystem = /Bad magic number in super-block/;

/** Examines a copy of the disk; the disk is not changed. Rejects with IMAGE_TOOL or DISK_TOOL. */
export const readDataDisk = async (
  { root }: Pick<Environment, 'root'>,
  { path }: Disk,
): Promise<DataDisk> => {
  const flat = `${path}.raw`;
  const binds = [{ path: dirname(path), writable: true }];
  const run = async (...argv: readonly [string, ...string[]]) => {
    const { exitCode, stdout, stderr } = await runInToolRoot(root, argv, { binds, host: { reject: false } });
    return { exitCode, text: `${argv.slice(0, -1).join(' ')}: status ${exitCode}\n${stdout}\n${stderr}` };
  };
  /** Runs a tool. Rejects with DISK_TOOL if its exit status is not one of `answers`. */
  const examine = async (argv: readonly [string, ...string[]], answers: readonly number[]) => {
    const { exitCode, text } = await run(...argv);
    if (exitCode === undefined || !answers.includes(exitCode))
      throw new HarnessError('DISK_TOOL', { tool: argv[0], path, report: text.trim() });
    return { exitCode, text };
  };
  await rm(flat, { force: true });
  const [image] = await Promise.all([checkImage(root, path), flattenImage(root, path, flat)]);
  const content = async (name: string): Promise<Buffer> => {
    const argv = ['debugfs', '-R', `cat "/${basename(name)}"`, flat];
    return Buffer.from(
      (await runInToolRoot(root, argv, { binds, host: { encoding: 'buffer', stripFinalNewline: false } }))
        .stdout,
    );
  };
  const header = await run('dumpe2fs', '-h', flat);
  if (noFileSystem.test(header.text))
    return { copy: flat, image, state: 'recovery', sound: false, report: header.text, content };
  if (header.exitCode !== 0)
    throw new HarnessError('DISK_TOOL', { tool: 'dumpe2fs', path, report: header.text.trim() });
  const state =
    /^Filesystem state: +clean$/m.test(header.text) &&
    !/^Filesystem features:.*\bneeds_recovery\b/m.test(header.text)
      ? 'clean'
      : 'recovery';
  // Without a replay, e2fsck -n accepts a file system whose changes are still in the journal.
  const replay =
    state === 'clean' ? undefined : await examine(['e2fsck', '-y', '-E', 'journal_only', flat], findings);
  const check = await examine(['e2fsck', '-fn', flat], findings);
  return {
    copy: flat,
    image,
    state,
    sound: check.exitCode === 0,
    report: [replay?.text, check.text].join('\n').trim(),
    content,
  };
};
