// Checksums of the files of a cache entry, kept in the entry: whoever copies a cache may lose some of it.

import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../if-exists.js';

/** In the format of sha256sum(1). */
const sumsName = 'SHA256SUMS';

/** The sums of all files that are directly in `directory`. */
const sumsOf = async (directory: string): Promise<string> => {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && entry.name !== sumsName).map(({ name }) => name);
  const lines = names.sort().map(async (name) => {
    const content = await readFile(join(directory, name));
    return `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
  });
  return (await Promise.all(lines)).join('');
};

/** Call it when all files of the entry have been written. */
export const writeChecksums = async (directory: string): Promise<void> =>
  writeFile(join(directory, sumsName), await sumsOf(directory));

/** True if the directory has exactly the files, with the content, that it had when it was written. */
export const matchesChecksums = async (directory: string): Promise<boolean> => {
  const expected = await ifExists(readFile(join(directory, sumsName), 'utf8'));
  return expected !== undefined && expected === (await sumsOf(directory));
};
