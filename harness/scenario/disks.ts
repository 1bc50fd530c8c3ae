// The disks of a scenario's machine, made anew for each: what the driver came on, and one to write to.
import { mkdir, open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writePayload } from '../../images/guest/payload.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { type Disk, slots } from '../qemu/argv.js';
import type { Environment } from './environment.js';

/** Bytes. Part of the machine that snapshots are taken of, so the same with and without a file system. */
const dataSize = 32 * 2 ** 20;

const sparse = async (path: string, size: number): Promise<void> => {
  const file = await open(path, 'w', 0o600);
  await file.truncate(size);
  await file.close();
};

/** Writes the module files as a payload, to be unpacked where modprobe looks for them. */
const writeModules = async (path: string, { modules, kernel }: Environment): Promise<void> => {
  const entries = modules.modules.map(async (name) => ({
    path: `lib/modules/${kernel.release}/extra/${name}`,
    type: 'file' as const,
    content: await readFile(join(modules.directory, name)),
  }));
  await writePayload(path, await Promise.all(entries));
};

/** Both disks, in `directory`; with `format` the data disk holds an empty ext4. */
export const makeDisks = async (
  environment: Environment,
  directory: string,
  { format }: { format: boolean },
): Promise<Disk[]> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const payload = join(directory, 'payload.img');
  const data = join(directory, 'data.img');
  await Promise.all([writeModules(payload, environment), sparse(data, dataSize)]);
  if (format) await inDirectory(environment, data, ['mke2fs', '-q', '-t', 'ext4', data]);
  return [
    { name: 'payload', slot: slots.payload, path: payload },
    { name: 'data', slot: slots.data, path: data },
  ];
};

const inDirectory = ({ root }: Environment, path: string, argv: readonly string[]) =>
  runInToolRoot(root, argv, { binds: [{ path: dirname(path), writable: true }], host: { reject: false } });

export interface FileSystemCheck {
  /** Nothing to repair and no journal to replay. */
  readonly clean: boolean;
  /** What e2fsck and dumpe2fs said. */
  readonly report: string;
}

/** Looks at the data disk from outside, after the machine is gone. */
export const checkFileSystem = async (environment: Environment, disk: Disk): Promise<FileSystemCheck> => {
  const check = await inDirectory(environment, disk.path, ['e2fsck', '-fn', disk.path]);
  const header = await inDirectory(environment, disk.path, ['dumpe2fs', '-h', disk.path]);
  const clean = check.exitCode === 0 && /^Filesystem state: +clean$/m.test(header.stdout);
  const journal = /^Filesystem features:.*needs_recovery/m.test(header.stdout)
    ? 'journal needs recovery'
    : '';
  return { clean: clean && journal === '', report: [check.stdout, check.stderr, journal].join('\n').trim() };
};

/** The content of a file in the root directory of the data disk; empty when there is none. */
export const readFromDisk = async (environment: Environment, disk: Disk, name: string): Promise<string> => {
  const { stdout } = await inDirectory(environment, disk.path, [
    'debugfs',
    '-R',
    `cat /${basename(name)}`,
    disk.path,
  ]);
  return stdout;
};
