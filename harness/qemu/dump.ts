// The guest's memory as a file that drgn(1) and crash(8) open.

import { chmod, open } from 'node:fs/promises';
import type { Machine } from './process.js';

/** Offsets of members of utsname in the header (makedumpfile, struct disk_dump_header). */
const SYSNAME_OFFSET = 12;
const RELEASE_OFFSET = 142;
const VERSION_OFFSET = 207;
const MACHINE_OFFSET = 272;

/**
 * Completes the header. QEMU 11.1 knows nothing of the guest's utsname and leaves it empty but for the machine, which is `Unknown`
 * (dump/dump.c). libkdumpfile takes the architecture from there, if sysname is `Linux` and nothing is empty.
 */
const writeUtsname = async (path: string, release: string): Promise<void> => {
  // QEMU makes the file for reading only.
  await chmod(path, 0o600);
  const file = await open(path, 'r+');
  try {
    const members = [
      [SYSNAME_OFFSET, 'Linux'],
      [RELEASE_OFFSET, release.slice(0, 64)],
      [VERSION_OFFSET, 'unknown'],
      [MACHINE_OFFSET, 'x86_64'],
    ] as const;
    for (const [offset, text] of members) await file.write(`${text}\0`, offset, 'latin1');
  } finally {
    await file.close();
  }
};

/**
 * Writes the memory to `path`, in a directory that QEMU may write to; the CPUs stand still meanwhile. Compressed,
 * in makedumpfile's format, with the registers of all CPUs as notes; and with VMCOREINFO if the guest has given it
 * to QEMU (its module qemu_fw_cfg). `release` is the kernel's. Throws QMP_COMMAND and QMP_CLOSED.
 */
export const dumpMemory = async (
  { qmp }: Pick<Machine, 'qmp'>,
  path: string,
  release: string,
): Promise<void> => {
  await qmp.execute('dump-guest-memory', {
    paging: false,
    protocol: `file:${path}`,
    format: 'kdump-raw-zlib',
  });
  await writeUtsname(path, release);
};
