// Writes the guest's memory to a file that drgn(1) and crash(8) can open.

import { chmod, open } from 'node:fs/promises';
import type { Machine } from './process.js';

/** What the header says of the guest's kernel. */
export interface DumpedKernel {
  readonly release: string;
  readonly architecture: keyof typeof machines;
}

/** Machines as uname(2) names them, by Debian's names of architectures. */
const machines = { amd64: 'x86_64', i386: 'i686' } as const;

/** Offsets of the members of utsname in the header (makedumpfile, struct disk_dump_header). */
const SYSNAME_OFFSET = 12;
const RELEASE_OFFSET = 142;
const VERSION_OFFSET = 207;
const MACHINE_OFFSET = 272;

/**
 * Completes the header. QEMU 11.1 does not know the guest's utsname: it leaves all members empty except the
 * machine, which is `Unknown` (dump/dump.c). libkdumpfile derives the architecture from utsname, if sysname
 * is `Linux` and no member is empty.
 */
const writeUtsname = async (path: string, { release, architecture }: DumpedKernel): Promise<void> => {
  // QEMU creates the file read-only.
  await chmod(path, 0o600);
  const file = await open(path, 'r+');
  try {
    const members = [
      [SYSNAME_OFFSET, 'Linux'],
      [RELEASE_OFFSET, release.slice(0, 64)],
      [VERSION_OFFSET, 'unknown'],
      [MACHINE_OFFSET, machines[architecture]],
    ] as const;
    for (const [offset, text] of members) await file.write(`${text}\0`, offset, 'latin1');
  } finally {
    await file.close();
  }
};

/**
 * Writes the memory to `path`, in a directory that QEMU may write to. The CPUs are stopped meanwhile. The
 * file is compressed, in makedumpfile's format, with the registers of all CPUs as notes, and with VMCOREINFO
 * if the guest has passed it to QEMU (its module qemu_fw_cfg). `release` is that of the kernel. Rejects with
 * QMP_COMMAND or QMP_CLOSED.
 */
export const dumpMemory = async (
  { qmp }: Pick<Machine, 'qmp'>,
  path: string,
  kernel: DumpedKernel,
): Promise<void> => {
  await qmp.execute('dump-guest-memory', {
    paging: false,
    protocol: `file:${path}`,
    format: 'kdump-raw-zlib',
  });
  await writeUtsname(path, kernel);
};
