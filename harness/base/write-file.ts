// Writes a file as a whole: a full disk or an interruption leaves nothing new, rather than a part. A file is
// written synchronously, so that a signal, which may end this process, is handled before it or after it.

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { realpath, stat, writeFile } from 'node:fs/promises';
import { asHostError } from './host-error.js';
import { ifExists } from './if-exists.js';
import { messageOf } from './thrown.js';

/** HOST with the path, which the error of a write does not have. */
const named = (path: string, error: unknown): unknown =>
  asHostError(error, `cannot write ${path}: ${messageOf(error)}`) ?? error;

/**
 * Replaces a file, or creates it. Follows a symbolic link, and writes directly to what is no regular file,
 * such as /dev/stdout. Rejects with HOST.
 */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  try {
    const target = (await ifExists(realpath(path))) ?? path;
    const found = await ifExists(stat(target));
    if (found !== undefined && !found.isFile()) return await writeFile(target, text);
    const partial = `${target}.partial`;
    try {
      writeFileSync(partial, text, found && { mode: found.mode });
      renameSync(partial, target);
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
  } catch (error) {
    throw named(path, error);
  }
};

/** Creates a file that does not exist yet. Rejects with HOST. */
export const createFile = async (path: string, text: string): Promise<void> => {
  let isOwn = false;
  try {
    writeFileSync(path, '', { flag: 'wx' });
    isOwn = true;
    writeFileSync(path, text);
  } catch (error) {
    if (isOwn) rmSync(path, { force: true });
    throw named(path, error);
  }
};
