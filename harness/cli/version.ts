// `vmmci --version`: the versions of this package, Node.js and QEMU, and the kernels in the cache.

import { packageManifest } from '../../images/asset.js';
import { kernelTable } from '../../images/kernels/table.js';
import { findKernel } from '../../images/kernels/tree.js';
import { readQemuVersion, toolRootPath } from '../../images/toolroot/manifest.js';
import { messageOf } from '../base/thrown.js';

/** `vmmci-harness 0.1.0` */
const packageVersion = (): string => {
  const { name, version } = packageManifest();
  return `${name} ${version}`;
};

/** What is in the cache; if it cannot be read, the reason: the other versions are known all the same. */
const inCache = async (read: () => Promise<string>): Promise<string> => {
  try {
    return await read();
  } catch (error) {
    return `unknown: ${messageOf(error)}`;
  }
};

const qemuVersion = async (): Promise<string> =>
  (await readQemuVersion(toolRootPath())) ?? 'not built yet: run vmmci setup';

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
    `QEMU     ${await inCache(qemuVersion)}`,
    `kernels  ${await inCache(kernels)}`,
  ].join('\n');
