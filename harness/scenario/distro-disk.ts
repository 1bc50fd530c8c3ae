// What is on the distribution guest's disk when the guest is gone, looked at from outside.
import { dirname, join } from 'node:path';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { HarnessError } from '../base/errors.js';
import type { Environment } from '../run/environment.js';
import { readDataDisk } from './data-disk.js';
import { distroOf } from './distro.js';
import type { Vm } from './vm.js';

export interface DistroDisk {
  /** Unmounted, and nothing to repair. */
  readonly clean: boolean;
  /** What qemu-img, dumpe2fs and e2fsck said. */
  readonly report: string;
  /** The lines of a file; none if it is not there. */
  lines(path: string): Promise<string[]>;
  /** What journalctl says of the guest's journal, which is only read, and its exit status. */
  journal(...args: readonly string[]): Promise<{ status: number | undefined; lines: string[] }>;
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Looks at a copy of the disk of a guest that has ended, in whatever state. IMAGE_TOOL, GUEST_BUILD. */
export const readDistroDisk = async (environment: Environment, vm: Vm): Promise<DistroDisk> => {
  const { root } = environment;
  const disk = vm.machine.description.disks?.find(({ name }) => name === 'system');
  if (disk === undefined) throw new HarnessError('GUEST_BUILD', { reason: 'the machine has no disk system' });
  const distro = await distroOf(environment);
  const place = dirname(disk.path);
  const own = { path: place, writable: true };
  const { image, left, sound, report, copy: raw } = await readDataDisk(environment, disk);
  const debugfs = async (command: string): Promise<string> => {
    const { stdout, stderr } = await runInToolRoot(root, ['debugfs', '-R', command, raw], { binds: [own] });
    // Its own version is all that it has to say when all is well.
    const complaint = linesOf(stderr).filter(
      (line) => !line.startsWith('debugfs ') && !line.endsWith(': File not found by ext2_lookup '),
    );
    if (complaint.length > 0)
      throw new HarnessError('GUEST_BUILD', { reason: `disk of the guest: ${complaint.join('; ')}` });
    return stdout;
  };
  const journal = join(place, 'journal');
  await debugfs(`rdump /var/log/journal ${place}`);
  return {
    clean: image.verdict === 'sound' && left === 'clean' && sound,
    report: [image.text, report].join('\n'),
    lines: async (path) => linesOf(await debugfs(`cat ${path}`)),
    journal: async (...args) => {
      // The guest's own journalctl, of the same packages: the tool root has none.
      const argv = ['journalctl', '--directory', journal, '--no-pager', ...args];
      const tools = { path: distro.tree.root, version: root.version };
      const host = { reject: false, all: true } as const;
      const { exitCode, all } = await runInToolRoot(tools, argv, { binds: [own], host });
      return { status: exitCode, lines: linesOf(all) };
    },
  };
};
