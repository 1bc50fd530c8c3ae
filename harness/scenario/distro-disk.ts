// What is on the distribution guest's disk when the guest is gone, looked at from outside.
import { dirname, join } from 'node:path';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { HarnessError } from '../errors.js';
import { snapshotDirectory } from '../qemu/snapshot.js';
import { checkFileSystem, type FileSystemCheck } from './disks.js';
import { distroOf } from './distro.js';
import type { Environment } from './environment.js';
import type { Vm } from './vm.js';

export interface DistroDisk {
  readonly fileSystem: FileSystemCheck;
  /** The lines of a file; none if it is not there. */
  lines(path: string): Promise<string[]>;
  /** What journalctl says of the guest's journal, which is only read, and its exit status. */
  journal(...args: readonly string[]): Promise<{ status: number | undefined; lines: string[] }>;
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/**
 * Looks at a copy of the disk of a guest that has ended, in whatever state. What was not clean is told, and mended in the copy, so that the
 * rest can be looked at. GUEST_BUILD.
 */
export const readDistroDisk = async (environment: Environment, vm: Vm): Promise<DistroDisk> => {
  const { root } = environment;
  const disk = vm.machine.description.disks?.find(({ name }) => name === 'system');
  if (disk === undefined) throw new HarnessError('GUEST_BUILD', { reason: 'the machine has no disk system' });
  const distro = await distroOf(environment);
  const place = dirname(disk.path);
  const raw = join(place, 'system.raw');
  const own = { path: place, writable: true };
  await runInToolRoot(root, ['qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', disk.path, raw], {
    binds: [{ path: dirname(distro.image) }, { path: snapshotDirectory() }, own],
  });
  const fileSystem = await checkFileSystem(environment, { ...disk, path: raw, format: 'raw' });
  if (!fileSystem.clean)
    await runInToolRoot(root, ['e2fsck', '-fy', raw], { binds: [own], host: { reject: false } });
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
    fileSystem,
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
