// Adds modules to a booted guest, with the index that its modprobe reads. The host makes the index, because
// under TCG the guest's depmod took a fifth of a scenario.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { temporaryDirectory } from '../../harness/base/temporary-directory.js';
import { moduleClosure } from '../kernels/closure.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { diskModules, type GuestKernel } from './initramfs.js';
import type { Entry, FileEntry } from './newc.js';

/** The files of depmod that busybox reads. */
const indexFiles = ['modules.dep', 'modules.alias'] as const;

/** The file name of a module in the guest, where modules are unpacked. */
const unpackedName = (path: string): string => path.replace(/\.ko\.(xz|zst)$/, '.ko');

const putFile = async (path: string, write: (path: string) => Promise<void>): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await write(path);
};

/** `modules`, which are files below lib/modules, and an index of them and of the modules in the initramfs. */
export const modulePayload = async (
  kernel: GuestKernel,
  root: ToolRoot,
  modules: readonly FileEntry[],
): Promise<Entry[]> => {
  const base = `lib/modules/${kernel.release}`;
  const directory = temporaryDirectory().path;
  try {
    for (const path of await moduleClosure(kernel, diskModules))
      await putFile(join(directory, base, relative(kernel.modulesDirectory, path)), (to) =>
        copyFile(path, to),
      );
    for (const { path, content } of modules)
      await putFile(join(directory, path), (to) => writeFile(to, content));
    await runInToolRoot(root, ['depmod', '--basedir', directory, kernel.release], {
      binds: [{ path: directory, writable: true }],
    });
    const index = indexFiles.map(async (name): Promise<Entry> => {
      const text = await readFile(join(directory, base, name), 'utf8');
      const content = Buffer.from(text.replaceAll(/[^\s:]+/g, unpackedName));
      return { path: `${base}/${name}`, type: 'file', content };
    });
    return [...modules, ...(await Promise.all(index))];
  } finally {
    await removeTree(directory);
  }
};
