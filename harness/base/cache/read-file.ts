// Reads small JSON files of the cache and checks them against a schema.

import { readFile, stat } from 'node:fs/promises';
import type * as v from 'valibot';
import { ifExists } from '../if-exists.js';
import { parseChecked } from '../read-checked.js';

/**
 * Returns `undefined` if there is no regular file, or if it does not match the schema: the caller then
 * rebuilds an entry of an earlier version or a damaged one. Other errors of the file system are thrown.
 */
export const readCacheFile = async <T>(
  path: string,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | undefined> => {
  const found = await ifExists(stat(path));
  const text = found?.isFile() ? await ifExists(readFile(path, 'utf8')) : undefined;
  if (text === undefined) return undefined;
  const checked = parseChecked(text, schema);
  return 'value' in checked ? checked.value : undefined;
};
