// The data disk: an ext4 that a guest writes to and that is looked at from outside when the guest is gone.

import { copyFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/cache/directory.js';
import { publish } from '../../harness/cache/publish.js';
import { HarnessError } from '../../harness/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';

/** Bytes; part of the machine that a snapshot was taken of, so it never changes. */
export const dataSize = 16 * 2 ** 20;

const mebibytes = dataSize / 2 ** 20;

/** Writes a fresh, empty file system to `path`. */
export const writeDataDisk = async (path: string, root: ToolRoot): Promise<void> => {
  const template = await publish(
    join(cacheDirectory(), 'guest', `data-${mebibytes}.ext4`),
    async (temporary) => {
      await runInToolRoot(
        root,
        // Nothing is left for the kernel to initialise in the background: what the guest writes is what the scenario wrote.
        [
          'sh',
          '-c',
          'truncate -s "$1" /tmp/disk && mke2fs -q -F -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /tmp/disk && cat /tmp/disk',
          'sh',
          String(dataSize),
        ],
        { host: { stdout: { file: temporary } } },
      );
      await truncate(temporary, dataSize);
    },
  );
  await copyFile(template, path);
};

/** Whether the file system was unmounted and is sound, and what e2fsck said about it. Changes nothing. */
export const checkDataDisk = async (
  path: string,
  root: ToolRoot,
): Promise<{ clean: boolean; report: string }> => {
  const binds = [{ path }];
  const host = { reject: false, all: true } as const;
  const [check, state] = await Promise.all([
    runInToolRoot(root, ['e2fsck', '-f', '-n', path], { binds, host }),
    // e2fsck -n does not replay a journal and then calls the rest sound: the flag tells whether there was one to replay.
    runInToolRoot(root, ['dumpe2fs', '-h', path], { binds, host }),
  ]);
  const replay = /^Filesystem features:.*\bneeds_recovery\b/m.test(state.all);
  const clean = check.exitCode === 0 && !replay && /^Filesystem state:\s+clean$/m.test(state.all);
  return {
    clean,
    report: `${check.all}${replay ? '\nthe journal was not replayed: it was not unmounted' : ''}`,
  };
};

/** A file's content, by its absolute path on the disk, without mounting it. GUEST_BUILD if it is not there. */
export const readDataDisk = async (path: string, root: ToolRoot, file: string): Promise<Buffer> => {
  const { stdout, stderr } = await runInToolRoot(root, ['debugfs', '-R', `cat "${file}"`, path], {
    binds: [{ path }],
    host: { encoding: 'buffer' },
  });
  const complaint = Buffer.from(stderr)
    .toString('utf8')
    .split('\n')
    .filter((line) => !line.startsWith('debugfs '))
    .join('\n');
  if (complaint !== '')
    throw new HarnessError('GUEST_BUILD', { reason: `${file} on the data disk: ${complaint}` });
  return Buffer.from(stdout);
};
