// Paths of the files under images/ that are not TypeScript. They are not compiled, so they stay in the source
// tree.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest directory above this file with a package.json; works from the sources and from dist/images. */
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
