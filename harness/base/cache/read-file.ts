// Small JSON files of the cache, checked when they are read back.

import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * What the file holds; `undefined` if there is none, or if it is not what the schema says: the entry of an earlier version, or a
 * damaged one, is made again. Any other error of the file system is thrown.
 */
export const readCacheFile = async <Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { success, output } = v.safeParse(schema, parse(text));
  return success ? output : undefined;
};
