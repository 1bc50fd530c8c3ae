// The data disk: an ext4 file system that a guest writes to, and that is examined from outside after the
// guest has ended.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { temporaryDirectory } from '../../harness/base/temporary-directory.js';
import { createBase, createOverlay } from '../qemu-img/image.js';
import type { ToolRoot } from '../toolroot/enter.js';

const mebibytes = 32;

/** Size in bytes. Snapshots depend on it, so it is the same with and without a file system. */
export const dataSize = mebibytes * 2 ** 20;

/** The path of an empty ext4 file system in a compressed qcow2, made once for each tool root. */
const ensureBase = (root: ToolRoot): Promise<string> =>
  publish(join(cacheDirectory(), 'guest', `data-${mebibytes}-${root.version}.qcow2`), async (temporary) => {
    const emptyDirectory = temporaryDirectory().path;
    try {
      await createBase(root, emptyDirectory, temporary, { size: mebibytes, label: 'data' });
    } finally {
      await rm(emptyDirectory, { recursive: true });
    }
  });

/**
 * Makes a qcow2 at `path` on top of an empty ext4 image and resolves with the path of that base image.
 * Rejects with IMAGE_TOOL or CACHE_FULL.
 */
export const writeDataDisk = async (path: string, root: ToolRoot): Promise<string> => {
  const base = await ensureBase(root);
  await createOverlay(root, base, path);
  return base;
};
