// `vmmci --version`: the versions of this package, Node.js and QEMU, and the kernels in the cache.

import { join } from 'node:path';
import * as v from 'valibot';
import { packageManifest } from '../../images/asset.js';
import { kernelTable } from '../../images/kernels/table.js';
import { findKernel } from '../../images/kernels/tree.js';
import { recipeHash } from '../../images/toolroot/recipe.js';
import { cacheDirectory } from '../base/cache/directory.js';
import { readCacheFile } from '../base/cache/read-file.js';

/** `vmmci-harness 0.1.0` */
export const packageVersion = (): string => {
  const { name, version } = packageManifest();
  return `${name} ${version}`;
};

const toolRootSchema = v.object({ version: v.string() });

const qemuVersion = async (): Promise<string> => {
  const path = join(cacheDirectory(), 'toolroot', recipeHash, 'etc', 'vmmci-tool-root.json');
  const manifest = await readCacheFile(path, toolRootSchema);
  return manifest?.version ?? 'not built yet: run vmmci setup';
};

/** The kernels of the table that are in the cache. */
const kernels = async (): Promise<string> => {
  const found = await Promise.all(kernelTable.map(findKernel));
  const cached = found.flatMap((kernel) => kernel?.name ?? []);
  return cached.length === 0 ? 'none yet: run vmmci setup' : cached.join(', ');
};

export const versionText = async (): Promise<string> =>
  [
    packageVersion(),
    `Node     ${process.version}`,
    `QEMU     ${await qemuVersion()}`,
    `kernels  ${await kernels()}`,
  ].join('\n');
