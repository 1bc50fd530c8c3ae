// Removes a directory tree, even if it contains directories without write permission.

import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../if-exists.js';
import { systemCode } from '../thrown.js';

/** Adds write permission: without it, an ordinary user cannot remove the entries of a directory. */
const makeWritable = async (path: string): Promise<void> => {
  const found = await ifExists(lstat(path));
  if (!found?.isDirectory()) return;
  await chmod(path, (found.mode & 0o7777) | 0o700);
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await makeWritable(join(path, entry.name));
};

/** Removes a file or a tree, if it exists. Retries while a dying process still adds entries to it. */
export const removeTree = async (path: string): Promise<void> => {
  const options = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };
  try {
    await rm(path, options);
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    await makeWritable(path);
    await rm(path, options);
  }
};
