// The files under images/ that are not TypeScript: they are not compiled, so they stay where the sources are.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directory with package.json: this file's third ancestor when compiled into dist/images, its second in the sources. */
export const packageRoot = (): string => {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) {
    if (dirname(directory) === directory) throw new Error(`no package.json above ${import.meta.dirname}`);
    directory = dirname(directory);
  }
  return directory;
};

/** The absolute path of a file or directory, given relative to images/. */
export const asset = (...path: string[]): string => join(packageRoot(), 'images', ...path);
