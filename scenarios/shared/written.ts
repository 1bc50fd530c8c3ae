// Writes data in the guest and checks afterwards that what was acknowledged as written is on the disk.

import { createHash } from 'node:crypto';
import { mountData } from '../../harness/guest/disks.js';
import type { Commands } from '../../harness/guest/shell.js';
import { type Acknowledged, startWriting, writeFile } from '../../harness/guest/writes.js';
import type { Disk } from '../../harness/qemu/argv.js';
import type { Environment } from '../../harness/run/environment.js';
import type { Checks } from '../../harness/scenario/checks.js';
import { type DataDisk, readDataDisk } from './data-disk.js';

/** A file of one mebibyte, and one to which a program appends records until the guest ends. */
const names = { file: 'file', records: 'records' } as const;

/** Size of the file. */
const bytes = 2 ** 20;

export interface Written {
  /** The file's content. */
  readonly content: Buffer;
  /** Minimum number of acknowledged records. */
  readonly records: number;
}

/**
 * Mounts the data disk, writes a file, and starts a program that appends records, so that it is still writing
 * when the guest is asked to go down.
 */
export const writeInGuest = async (shell: Commands, how: Acknowledged): Promise<Written> => {
  await mountData(shell);
  const content = await writeFile(shell, names.file, how, bytes);
  const records = 5;
  await startWriting(shell, names.records, how, records);
  return { content, records };
};

/**
 * The number of complete lines that are the numbers 1, 2, … in order; counting stops at the first other line.
 */
export const unbroken = (text: string): number => {
  const lines = text.split('\n').slice(0, -1);
  const wrong = lines.findIndex((line, index) => line !== String(index + 1));
  return wrong === -1 ? lines.length : wrong;
};

const describe = (content: Buffer): string =>
  `${content.length} bytes, SHA-256 ${createHash('sha256').update(content).digest('hex')}`;

/**
 * Checks after the end of the machine that the file system has the expected state and has everything that was
 * acknowledged.
 */
export const checkWritten = async (
  check: Checks,
  environment: Environment,
  disk: Disk,
  { content, records }: Written,
  state: DataDisk['state'],
): Promise<void> => {
  const found = await readDataDisk(environment, disk);
  const image = found.image.verdict === 'sound' ? 'sound' : found.image.text;
  check.that('qcow2 image', found.image.verdict === 'sound', 'sound', image);
  check.equal('file system afterwards', found.state, state);
  const report = found.sound ? 'nothing to repair' : found.report;
  check.that('e2fsck -fn', found.sound, 'nothing to repair', report);
  check.equal('acknowledged file', describe(await found.content(names.file)), describe(content));
  const foundRecords = unbroken((await found.content(names.records)).toString('latin1'));
  check.that(
    'records on the disk',
    foundRecords >= records,
    `at least the ${records} that were acknowledged`,
    foundRecords,
  );
};
