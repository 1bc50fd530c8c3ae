// What is on the data disk when its machine is gone, looked at from outside: the image, the file system, the files.
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type CheckResult, checkImage, flattenImage } from '../../images/qemu-img/image.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
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

/** Looks at a copy of the disk; the disk is not changed. IMAGE_TOOL. */
export const readDataDisk = async (
  { root }: Pick<Environment, 'root'>,
  { path }: Disk,
): Promise<DataDisk> => {
  const flat = `${path}.raw`;
  const binds = [{ path: dirname(path), writable: true }];
  const run = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await runInToolRoot(root, argv, { binds, host: { reject: false } });
    return { exitCode, text: `${argv.slice(0, -1).join(' ')}: status ${exitCode}\n${stdout}\n${stderr}` };
  };
  await rm(flat, { force: true });
  const [image] = await Promise.all([checkImage(root, path), flattenImage(root, path, flat)]);
  const header = await run('dumpe2fs', '-h', flat);
  const left =
    /^Filesystem state: +clean$/m.test(header.text) &&
    !/^Filesystem features:.*\bneeds_recovery\b/m.test(header.text)
      ? 'clean'
      : 'recovery';
  // Without a replay, e2fsck -n calls sound what the journal holds the rest of.
  const replay = left === 'clean' ? undefined : await run('e2fsck', '-y', '-E', 'journal_only', flat);
  const check = await run('e2fsck', '-fn', flat);
  const content = async (name: string): Promise<Buffer> => {
    const argv = ['debugfs', '-R', `cat "/${basename(name)}"`, flat];
    return Buffer.from(
      (await runInToolRoot(root, argv, { binds, host: { encoding: 'buffer', stripFinalNewline: false } }))
        .stdout,
    );
  };
  return {
    copy: flat,
    image,
    left,
    sound: check.exitCode === 0,
    report: [replay?.text, check.text].join('\n').trim(),
    content,
  };
};
