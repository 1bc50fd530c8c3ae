// Finds the files of this package that are not compiled and so stay in the source tree.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';

/** The nearest directory above this file with a package.json; works from the sources and from dist/images. */
export const packageRoot = (): string => {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) {
    if (dirname(directory) === directory) throw new Error(`no package.json above ${import.meta.dirname}`);
    directory = dirname(directory);
  }
  return directory;
};

const manifestSchema = v.object({
  name: v.string(),
  version: v.string(),
  engines: v.object({ node: v.string() }),
});

/** The fields of package.json that the harness shows. */
export const packageManifest = (): v.InferOutput<typeof manifestSchema> =>
  v.parse(manifestSchema, JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')));

/** The absolute path of a file or directory, given relative to images/. */
export const asset = (...path: string[]): string => join(packageRoot(), 'images', ...path);
