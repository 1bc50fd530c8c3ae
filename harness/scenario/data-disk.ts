// What is on the data disk when its machine is gone, looked at from outside: the image, the file system, the files.
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type CheckResult, checkImage, flattenImage } from '../../images/qemu-img/image.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { HarnessError } from '../base/errors.js';
import type { Disk } from '../qemu/argv.js';
import type { Environment } from '../run/environment.js';

export interface DataDisk {
  /** The raw copy that was looked at, with the journal replayed. */
  readonly copy: string;
  /** What qemu-img found in the qcow2. */
  readonly image: CheckResult;
  /** `recovery`: it was mounted to the end, and what was under way is in the journal. */
  readonly left: 'clean' | 'recovery';
  /** With the journal replayed, if there was one to replay, e2fsck has nothing to repair. */
  readonly sound: boolean;
  /** What dumpe2fs and e2fsck said, and their exit statuses. */
  readonly report: string;
  /** A file of the root directory, after the replay; empty when there is none. */
  content(name: string): Promise<Buffer>;
}

/** Exit statuses of e2fsck(8) that say something of the file system, and not of e2fsck or the host it runs on. */
const findings = [0, 1, 2, 4] as const;

/** What dumpe2fs says of a disk whose superblock is none any more. */
const noFileSystem = /Bad magic number in super-block/;

/** Looks at a copy of the disk; the disk is not changed. IMAGE_TOOL, DISK_TOOL. */
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
  /** Runs a tool that is expected to end with one of these statuses: any other is no finding about the disk. */
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
    return { copy: flat, image, left: 'recovery', sound: false, report: header.text, content };
  if (header.exitCode !== 0)
    throw new HarnessError('DISK_TOOL', { tool: 'dumpe2fs', path, report: header.text.trim() });
  const left =
    /^Filesystem state: +clean$/m.test(header.text) &&
    !/^Filesystem features:.*\bneeds_recovery\b/m.test(header.text)
      ? 'clean'
      : 'recovery';
  // Without a replay, e2fsck -n calls sound what the journal holds the rest of.
  const replay =
    left === 'clean' ? undefined : await examine(['e2fsck', '-y', '-E', 'journal_only', flat], findings);
  const check = await examine(['e2fsck', '-fn', flat], findings);
  return {
    copy: flat,
    image,
    left,
    sound: check.exitCode === 0,
    report: [replay?.text, check.text].join('\n').trim(),
    content,
  };
};
