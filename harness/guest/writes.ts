// Files that a guest writes to its data disk (images/guest/writer.c): what is acknowledged must be there later.

import { randomInt } from 'node:crypto';
import { shellWord } from '../base/text.js';
import type { Commands } from './shell.js';
import { writtenContent } from './written-content.js';

/** When a write is acknowledged: when the guest's kernel has it, or with fsync(2). */
export type Acknowledged = 'plain' | 'synced';

const writer = (what: 'file' | 'records', name: string, ...words: (string | number)[]): string =>
  ['writer', what, shellWord(`/mnt/${name}`), ...words].join(' ');

const timeoutMs = 30_000;

/** Writes a file of so many bytes, others in each run, on /mnt; resolves with them when they are acknowledged. GUEST_COMMAND. */
export const writeFile = async (
  shell: Commands,
  name: string,
  how: Acknowledged,
  bytes: number,
): Promise<Buffer> => {
  const seed = randomInt(1, 2 ** 32);
  await shell.text(writer('file', name, how, seed, bytes), { what: `file ${name} in /mnt`, timeoutMs });
  return writtenContent(seed, bytes);
};

/**
 * Appends the numbers from 1 on to a file on /mnt, a line each, until the guest's end. Resolves when `least` of them are
 * acknowledged. GUEST_COMMAND.
 */
export const startWriting = async (
  shell: Commands,
  name: string,
  how: Acknowledged,
  least: number,
): Promise<void> => {
  const command = `${writer('records', name, how, least)} </dev/null >/dev/null`;
  await shell.text(command, { what: `${least} records acknowledged`, timeoutMs });
};
