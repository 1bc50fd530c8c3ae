// `vmmci --version`: the versions of this package, Node.js and QEMU, and the kernels in the cache.

import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { kernelTable } from '../../images/kernels/table.js';
import { recipeHash } from '../../images/toolroot/recipe.js';
import { cacheDirectory } from '../base/cache/directory.js';

/** `vmmci-harness 0.1.0` */
export const packageVersion = (): string => {
  const { name, version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  return `${name} ${version}`;
};

const qemuVersion = async (): Promise<string> => {
  const path = join(cacheDirectory(), 'toolroot', recipeHash, 'etc', 'vmmci-tool-root.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return 'not built yet: run vmmci setup';
  const { version } = JSON.parse(text) as { version?: unknown };
  return String(version);
};

/** The kernels of the table that are in the cache. */
const kernels = async (): Promise<string> => {
  const names = await readdir(join(cacheDirectory(), 'kernels')).catch((): string[] => []);
  const there = kernelTable.map(({ name }) => name).filter((name) => names.includes(name));
  return there.length === 0 ? 'none yet: run vmmci setup' : there.join(', ');
};

export const versionText = async (): Promise<string> =>
  [
    packageVersion(),
    `Node     ${process.version}`,
    `QEMU     ${await qemuVersion()}`,
    `kernels  ${await kernels()}`,
  ].join('\n');
