// What a guest was told is on its disk, and whether it is.
import { createHash } from 'node:crypto';
import { mountData } from '../guest/disks.js';
import type { Commands } from '../guest/shell.js';
import { fileSize, startWriting, writeFile } from '../guest/writes.js';
import type { Disk } from '../qemu/argv.js';
import type { Checks } from './checks.js';
import { readDataDisk } from './data-disk.js';
import type { Environment } from './environment.js';

/** A file of a mebibyte, and one that a program appended to until the end. */
const names = { file: 'file', records: 'records' } as const;

/** Enough of them that their program is at work when the guest is told to go down. */
const least = 5;

export interface Written {
  /** Of the file, as the guest's program made it. */
  readonly hash: string;
  /** How many records were acknowledged. There may be more of them. */
  readonly records: number;
}

/**
 * Mounts the data disk, writes a file, and starts a program that goes on appending records. `plain`: a write is acknowledged when the
 * guest's kernel has it; `synced`: when fsync(2) is through.
 */
export const writeInGuest = async (shell: Commands, how: 'plain' | 'synced'): Promise<Written> => {
  await mountData(shell);
  const hash = await writeFile(shell, names.file, how);
  const written = await startWriting(shell, names.records, how);
  return { hash, records: await written.acknowledged(least) };
};

/** How many of the lines are the numbers from 1 on; what is after the first that is another is lost. */
export const unbroken = (text: string): number => {
  const lines = text.split('\n').slice(0, -1);
  const wrong = lines.findIndex((line, index) => line !== String(index + 1));
  return wrong === -1 ? lines.length : wrong;
};

const describe = (bytes: number, hash: string): string => `${bytes} bytes, SHA-256 ${hash}`;

/** Asserts, when the machine is gone, that the disk was left as `left` says and that all that was acknowledged is there. */
export const checkWritten = async (
  check: Checks,
  environment: Environment,
  disk: Disk,
  { hash, records }: Written,
  left: 'clean' | 'recovery',
): Promise<void> => {
  const found = await readDataDisk(environment, disk);
  check.that('qemu-img check: leaks and damage', found.image.verdict === 'sound', 'none', found.image.text);
  check.equal('how the file system was left', found.left, left);
  check.that('e2fsck -fn: nothing to repair', found.sound, 'exit status 0', found.report);
  const file = await found.content(names.file);
  check.equal(
    'the file that was acknowledged',
    describe(file.length, createHash('sha256').update(file).digest('hex')),
    describe(fileSize, hash),
  );
  const there = unbroken((await found.content(names.records)).toString('latin1'));
  check.that(
    'records that were acknowledged',
    there >= records,
    `at least ${records} of them on the disk`,
    there,
  );
};
