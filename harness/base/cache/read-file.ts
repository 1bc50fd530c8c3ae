// Small JSON files of the cache, checked when they are read back.

import { readFile } from 'node:fs/promises';
import type * as v from 'valibot';
import { parseChecked } from '../read-checked.js';

/**
 * What the file holds; `undefined` if there is none, or if it is not what the schema says: the entry of an earlier version, or a
 * damaged one, is made again. Any other error of the file system is thrown.
 */
export const readCacheFile = async <T>(
  path: string,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const checked = parseChecked(text, schema);
  return 'value' in checked ? checked.value : undefined;
};
