// Where everything lives that is fetched or built once and used again.

import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { HarnessError } from '../errors.js';
import { messageOf, systemCode } from '../thrown.js';

/** The XDG base directory specification says that a relative value is to be ignored. */
const base = (): string => {
  const xdg = process.env.XDG_CACHE_HOME;
  return xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
};

/** Directories that were looked at: a process asks for its own often. */
const writable = new Set<string>();

/** Makes the directory, and refuses one that nothing can be written to. */
const check = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = systemCode(error) ?? messageOf(error);
    throw new HarnessError('CACHE_UNWRITABLE', { path, reason }, error);
  }
  writable.add(path);
};

/** The cache directory (`${XDG_CACHE_HOME:-~/.cache}/vmmci-harness`), made for its owner alone if it is missing. CACHE_UNWRITABLE. */
export const cacheDirectory = (): string => {
  const path = join(base(), 'vmmci-harness');
  if (!writable.has(path)) check(path);
  return path;
};
