// Lets a guest write files to its data disk (images/guest/writer.c). Acknowledged data must still be there
// later.

import { randomInt } from 'node:crypto';
import { shellWord } from '../base/text.js';
import type { Commands } from './shell.js';
import { writtenContent } from './written-content.js';

/** When a write is acknowledged: after write(2) (`plain`), or after fsync(2) (`synced`). */
export type Acknowledged = 'plain' | 'synced';

const writer = (kind: 'file' | 'records', name: string, ...words: (string | number)[]): string =>
  ['writer', kind, shellWord(`/mnt/${name}`), ...words].join(' ');

const timeoutMs = 30_000;

/**
 * Writes a file of `bytes` random bytes to /mnt. Resolves with its content when the write is acknowledged.
 * Rejects with GUEST_COMMAND.
 */
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
 * Appends the numbers from 1 on to a file on /mnt, one per line, until the guest ends. Resolves when
 * `minimum` of them are acknowledged. Rejects with GUEST_COMMAND.
 */
export const startWriting = async (
  shell: Commands,
  name: string,
  how: Acknowledged,
  minimum: number,
): Promise<void> => {
  const command = `${writer('records', name, how, minimum)} </dev/null >/dev/null`;
  await shell.text(command, { what: `${minimum} records acknowledged`, timeoutMs });
};
