// The file in a tool root that says which QEMU it has.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { cachePath } from '../../harness/base/cache/directory.js';
import { readCacheFile } from '../../harness/base/cache/read-file.js';
import { recipeHash } from './recipe.js';

/**
 * Relative to the tool root. It is inside, so that neither exists without the other. qemu-img/common.sh reads
 * it too.
 */
export const manifestFile = 'etc/vmmci-tool-root.json';

const manifestSchema = v.object({ version: v.string() });

/** The tool root of this recipe in the cache. It may be missing. */
export const toolRootPath = (): string => join(cachePath(), 'toolroot', recipeHash);

/** The version of QEMU in the tool root at `path`; `undefined` if there is no valid manifest. */
export const readQemuVersion = async (path: string): Promise<string | undefined> =>
  (await readCacheFile(join(path, manifestFile), manifestSchema))?.version;

export const writeManifest = (path: string, manifest: v.InferOutput<typeof manifestSchema>): Promise<void> =>
  writeFile(join(path, manifestFile), `${JSON.stringify(manifest)}\n`);
