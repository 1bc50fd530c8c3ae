// Modules for a guest that has booted without them, with the index that its modprobe reads. It is made here: under TCG the guest's own
// depmod took a fifth of a scenario.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { temporaryDirectory } from '../../harness/base/temporary-directory.js';
import { moduleClosure } from '../kernels/closure.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { type GuestKernel, wanted } from './initramfs.js';
import type { Entry, FileEntry } from './newc.js';

/** What busybox reads of all that depmod writes. */
const indexFiles = ['modules.dep', 'modules.alias'] as const;

/** In the guest, modules are unpacked. */
const unpackedName = (path: string): string => path.replace(/\.ko\.(xz|zst)$/, '.ko');

const inPlace = async (path: string, put: (path: string) => Promise<void>): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await put(path);
};

/** `modules`, files below lib/modules, and an index of them together with those of the initramfs. */
export const modulePayload = async (
  kernel: GuestKernel,
  root: ToolRoot,
  modules: readonly FileEntry[],
): Promise<Entry[]> => {
  const base = `lib/modules/${kernel.release}`;
  const place = temporaryDirectory().path;
  try {
    for (const path of await moduleClosure(kernel, wanted))
      await inPlace(join(place, base, relative(kernel.modulesDirectory, path)), (to) => copyFile(path, to));
    for (const { path, content } of modules) await inPlace(join(place, path), (to) => writeFile(to, content));
    await runInToolRoot(root, ['depmod', '--basedir', place, kernel.release], {
      binds: [{ path: place, writable: true }],
    });
    const index = indexFiles.map(async (name): Promise<Entry> => {
      const text = await readFile(join(place, base, name), 'utf8');
      const content = Buffer.from(text.replaceAll(/[^\s:]+/g, unpackedName));
      return { path: `${base}/${name}`, type: 'file', content };
    });
    return [...modules, ...(await Promise.all(index))];
  } finally {
    await removeTree(place);
  }
};
