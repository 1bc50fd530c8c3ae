// What was acknowledged to a guest as written to its disk, and whether it is there.

import { createHash } from 'node:crypto';
import { mountData } from '../guest/disks.js';
import type { Commands } from '../guest/shell.js';
import { type Acknowledged, startWriting, writeFile } from '../guest/writes.js';
import type { Disk } from '../qemu/argv.js';
import type { Environment } from '../run/environment.js';
import type { Checks } from './checks.js';
import { readDataDisk } from './data-disk.js';

/** A file of a mebibyte, and one that a program appended to until the end. */
const names = { file: 'file', records: 'records' } as const;

/** Of the file. */
const bytes = 2 ** 20;

export interface Written {
  /** The file's content. */
  readonly content: Buffer;
  /** How many records were acknowledged. There may be more of them. */
  readonly records: number;
}

/** Mounts the data disk, writes a file, and starts a program that goes on appending records: it is at work when the guest is told to go down. */
export const writeInGuest = async (shell: Commands, how: Acknowledged): Promise<Written> => {
  await mountData(shell);
  const content = await writeFile(shell, names.file, how, bytes);
  const records = 5;
  await startWriting(shell, names.records, how, records);
  return { content, records };
};

/** How many of the lines are the numbers from 1 on; what is after the first that is another is lost. */
export const unbroken = (text: string): number => {
  const lines = text.split('\n').slice(0, -1);
  const wrong = lines.findIndex((line, index) => line !== String(index + 1));
  return wrong === -1 ? lines.length : wrong;
};

const describe = (content: Buffer): string =>
  `${content.length} bytes, SHA-256 ${createHash('sha256').update(content).digest('hex')}`;

/** Asserts, when the machine is gone, that the disk was left as `left` says and that all that was acknowledged is there. */
export const checkWritten = async (
  check: Checks,
  environment: Environment,
  disk: Disk,
  { content, records }: Written,
  left: 'clean' | 'recovery',
): Promise<void> => {
  const found = await readDataDisk(environment, disk);
  const image = found.image.verdict === 'sound' ? 'sound' : found.image.text;
  check.that('qcow2 image', found.image.verdict === 'sound', 'sound', image);
  check.equal('file system afterwards', found.left, left);
  const report = found.sound ? 'nothing to repair' : found.report;
  check.that('e2fsck -fn', found.sound, 'nothing to repair', report);
  check.equal('acknowledged file', describe(await found.content(names.file)), describe(content));
  const there = unbroken((await found.content(names.records)).toString('latin1'));
  check.that(
    'records on the disk',
    there >= records,
    `at least the ${records} that were acknowledged`,
    there,
  );
};
