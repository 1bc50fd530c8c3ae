// The data disk: an ext4 that a guest writes to, and that is looked at from outside when the guest is gone.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { temporaryDirectory } from '../../harness/base/temporary-directory.js';
import { createBase, createOverlay } from '../qemu-img/image.js';
import type { ToolRoot } from '../toolroot/enter.js';

const mebibytes = 32;

/** Bytes. Part of the machine that snapshots are taken of, so the same with and without a file system. */
export const dataSize = mebibytes * 2 ** 20;

/** An empty ext4 as a compressed qcow2, made once for each tool root. */
const ensureBase = (root: ToolRoot): Promise<string> =>
  publish(join(cacheDirectory(), 'guest', `data-${mebibytes}-${root.version}.qcow2`), async (temporary) => {
    const nothing = temporaryDirectory().path;
    try {
      await createBase(root, nothing, temporary, { size: mebibytes, label: 'data' });
    } finally {
      await rm(nothing, { recursive: true });
    }
  });

/** Makes a qcow2 at `path` over an empty ext4, and resolves with the path of that base. IMAGE_TOOL, CACHE_FULL. */
export const writeDataDisk = async (path: string, root: ToolRoot): Promise<string> => {
  const base = await ensureBase(root);
  await createOverlay(root, base, path);
  return base;
};
