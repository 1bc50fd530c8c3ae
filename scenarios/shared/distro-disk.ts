// Examines the disk of the distribution guest from the host after the guest has ended.

import { dirname, join } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import type { Environment } from '../../harness/run/environment.js';
import { distroOf } from '../../harness/scenario/distro.js';
import type { Vm } from '../../harness/scenario/vm.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { readDataDisk } from './data-disk.js';

export interface DistroDisk {
  /** True if the file system was unmounted and needs no repair. */
  readonly clean: boolean;
  /** The output of qemu-img, dumpe2fs and e2fsck. */
  readonly report: string;
  /** The lines of a file; empty if the file does not exist. */
  lines(path: string): Promise<string[]>;
  /** Runs journalctl on the guest's journal, which it only reads. */
  journal(...args: readonly string[]): Promise<{ status: number | undefined; lines: string[] }>;
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/**
 * Examines a copy of the disk of a guest that has ended in any way. Rejects with IMAGE_TOOL, DISK_TOOL or
 * GUEST_BUILD.
 */
export const readDistroDisk = async (environment: Environment, vm: Vm): Promise<DistroDisk> => {
  const { root } = environment;
  const disk = vm.machine.description.disks?.find(({ name }) => name === 'system');
  if (disk === undefined) throw new HarnessError('GUEST_BUILD', { reason: 'the machine has no disk system' });
  const distro = await distroOf(environment);
  const directory = dirname(disk.path);
  const binds = [{ path: directory, writable: true }];
  const { image, state, sound, report, copy: raw } = await readDataDisk(environment, disk);
  const debugfs = async (command: string): Promise<string> => {
    const { stdout, stderr } = await runInToolRoot(root, ['debugfs', '-R', command, raw], { binds });
    // Without an error debugfs writes only its version to stderr.
    const complaint = linesOf(stderr).filter(
      (line) => !line.startsWith('debugfs ') && !line.endsWith(': File not found by ext2_lookup '),
    );
    if (complaint.length > 0)
      throw new HarnessError('GUEST_BUILD', { reason: `disk of the guest: ${complaint.join('; ')}` });
    return stdout;
  };
  const journal = join(directory, 'journal');
  await debugfs(`rdump /var/log/journal ${directory}`);
  return {
    clean: image.verdict === 'sound' && state === 'clean' && sound,
    report: [image.text, report].join('\n'),
    lines: async (path) => linesOf(await debugfs(`cat ${path}`)),
    journal: async (...args) => {
      // Runs the journalctl of the guest's packages: the tool root has none.
      const argv = ['journalctl', '--directory', journal, '--no-pager', ...args];
      const tools = { path: distro.tree.root, version: root.version };
      const host = { reject: false, all: true } as const;
      const { exitCode, all } = await runInToolRoot(tools, argv, { binds, host });
      return { status: exitCode, lines: linesOf(all) };
    },
  };
};
