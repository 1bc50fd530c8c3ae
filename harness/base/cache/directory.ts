// Where everything lives that is fetched or built once and used again.

import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The XDG base directory specification says that a relative value is to be ignored. */
const base = (): string => {
  const xdg = process.env.XDG_CACHE_HOME;
  return xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
};

/** The cache directory (`${XDG_CACHE_HOME:-~/.cache}/vmmci-harness`), made for its owner alone if it is missing. */
export const cacheDirectory = (): string => {
  const path = join(base(), 'vmmci-harness');
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
};
