// The cache directory, for everything that is fetched or built once and reused.

import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { HarnessError } from '../errors.js';
import { makeDirectory } from '../make-directory.js';
import { messageOf, systemCode } from '../thrown.js';

const home = (): string => {
  try {
    const { HOME } = process.env;
    // Without HOME, passwd tells; in some containers the user has no entry there.
    return HOME !== undefined && isAbsolute(HOME) ? HOME : userInfo().homedir;
  } catch (error) {
    const reason = `HOME is not an absolute path, and user ${process.getuid?.()} has no home directory`;
    throw new HarnessError('CACHE_UNWRITABLE', { path: '~/.cache/vmmci-harness', reason }, error);
  }
};

/** The XDG base directory specification requires that relative values are ignored. */
const base = (): string => {
  const xdg = process.env.XDG_CACHE_HOME;
  return xdg && isAbsolute(xdg) ? xdg : join(home(), '.cache');
};

/** Directories that were checked already: a process asks for the same one often. */
const checked = new Set<string>();

/** Creates the directory, and throws if it is not writable. */
const ensureWritable = (path: string): void => {
  try {
    makeDirectory(path, 0o700);
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = systemCode(error) ?? messageOf(error);
    throw new HarnessError('CACHE_UNWRITABLE', { path, reason }, error);
  }
  checked.add(path);
};

/**
 * `${XDG_CACHE_HOME:-~/.cache}/vmmci-harness`, for callers that only read: it may be missing or read-only.
 * Throws CACHE_UNWRITABLE if there is no home directory.
 */
export const cachePath = (): string => join(base(), 'vmmci-harness');

/**
 * `cachePath()`, for callers that write; created with mode 0700 if it is missing. Throws CACHE_UNWRITABLE.
 */
export const cacheDirectory = (): string => {
  const path = cachePath();
  if (!checked.has(path)) ensureWritable(path);
  return path;
};
