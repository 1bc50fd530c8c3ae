// The key of a snapshot: a hash of everything that was fixed when the machine was started.

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { argv, type MachineDescription } from './argv.js';
import { diskSize } from './disk-size.js';
import type { Qemu } from './find.js';

/** Increment this when the way snapshots are made changes. */
const recipe = 2;

// The cache always replaces whole files, so path, size, date and inode stand for the content.
const identity = async (path: string): Promise<string> => {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  return [path, size, mtimeNs, ino].join(':');
};

const identityIfGiven = async (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? undefined : identity(path);

/** With `-cpu host`, the saved guest has already seen the features of this CPU. */
const hostCpu = async (): Promise<string> => {
  const text = await readFile('/proc/cpuinfo', 'utf8');
  return ['model name', 'microcode', 'flags']
    .map((name) => new RegExp(`^${name}\\s*:(.*)$`, 'm').exec(text)?.[1])
    .join();
};

/**
 * The key, sixteen hexadecimal digits. A disk contributes its size and slot, which is all that the guest sees
 * before it reads the disk.
 */
export const snapshotKey = async (machine: MachineDescription, qemu: Qemu): Promise<string> => {
  const disks = await Promise.all(
    (machine.disks ?? []).map(async (disk) => ({
      name: disk.name,
      slot: disk.slot,
      path: String(await diskSize(disk)),
    })),
  );
  const reproducible: MachineDescription = {
    ...machine,
    kernel: await identityIfGiven(machine.kernel),
    initramfs: await identityIfGiven(machine.initramfs),
    disks,
    functionSocket: undefined,
    incoming: false,
  };
  const cpu = machine.accelerator === 'kvm' ? await hostCpu() : '';
  return createHash('sha256')
    .update(JSON.stringify([recipe, qemu.path, qemu.build, cpu, argv(reproducible)]))
    .digest('hex')
    .slice(0, 16);
};
