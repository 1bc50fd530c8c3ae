// What a snapshot depends on: everything that was fixed when the machine was made.

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { argv, type MachineDescription } from './argv.js';
import { diskSize } from './disk-size.js';
import type { Qemu } from './find.js';

/** Raise it when snapshots are taken in another way. */
const recipe = 2;

// The cache replaces files whole, so place, size and date stand for the content.
const identity = async (path: string): Promise<string> => {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  return [path, size, mtimeNs, ino].join(':');
};

const optional = async (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? undefined : identity(path);

/** With `-cpu host` the guest has seen this CPU's features. */
const hostCpu = async (): Promise<string> => {
  const text = await readFile('/proc/cpuinfo', 'utf8');
  return ['model name', 'microcode', 'flags']
    .map((name) => new RegExp(`^${name}\\s*:(.*)$`, 'm').exec(text)?.[1])
    .join();
};

/** Sixteen hexadecimal digits. A disk counts by what the guest sees of it before it reads: size and place. */
export const snapshotKey = async (machine: MachineDescription, qemu: Qemu): Promise<string> => {
  const disks = (machine.disks ?? []).map(async (disk) => ({
    name: disk.name,
    slot: disk.slot,
    path: String(await diskSize(disk)),
  }));
  const timeless: MachineDescription = {
    ...machine,
    kernel: await optional(machine.kernel),
    initramfs: await optional(machine.initramfs),
    disks: await Promise.all(disks),
    functionSocket: undefined,
    incoming: false,
  };
  const cpu = machine.accelerator === 'kvm' ? await hostCpu() : '';
  return createHash('sha256')
    .update(JSON.stringify([recipe, qemu.path, qemu.build, cpu, argv(timeless)]))
    .digest('hex')
    .slice(0, 16);
};
