// Composes the distribution guest's file system in a directory: packages, kernel modules, the driver, and our
// files.

import { chmod, copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { asset } from '../asset.js';
import { guestProgram, overlay } from '../guest/inventory.js';
import type { Entry } from '../guest/newc.js';
import { ensureUserland } from '../guest/userland.js';
import type { Kernel } from '../kernels/kernel.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { disabled, driverDirectory } from './recipe.js';
import type { Tree } from './tree.js';

export interface DriverModules {
  /** The directory of the module files. */
  directory: string;
  /** File names in `directory`. */
  modules: readonly string[];
  /** Module names in load order, for modules-load.d. */
  load: readonly string[];
}

const tools = 'usr/local/lib/vmmci-guest';

const text = (path: string, content: string): Entry => ({
  path,
  type: 'file',
  content: Buffer.from(content),
});

/** Files that are added to the packages' files or replace them. Later entries replace earlier ones. */
export const ownEntries = async (root: ToolRoot, load: readonly string[]): Promise<Entry[]> => {
  return [
    ...(await overlay(asset('distro', 'root'))),
    ...(await guestProgram(root, await ensureUserland('amd64', root), tools, ['tools'])),
    text('etc/modules-load.d/vmmci.conf', `${load.join('\n')}\n`),
    // mmdebstrap copies the host's resolv.conf, which would differ between hosts.
    text('etc/resolv.conf', ''),
    // With the same date as /usr, so that systemd sees no need for updates at the first boot.
    ...['etc', 'var'].map((path) => text(`${path}/.updated`, '')),
    {
      path: 'etc/systemd/system/multi-user.target.wants/vmmci-agent.service',
      type: 'symlink',
      target: '/etc/systemd/system/vmmci-agent.service',
    },
  ];
};

/** Like mkdir -p, but with mode 755 whatever the umask. */
const makeDirectory = async (path: string): Promise<void> => {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
};

const writeEntry = async (directory: string, entry: Entry): Promise<void> => {
  const path = join(directory, entry.path);
  await makeDirectory(dirname(path));
  if (entry.type === 'directory') return;
  await rm(path, { force: true });
  if (entry.type === 'symlink') return symlink(entry.target, path);
  await writeFile(path, entry.content);
  await chmod(path, entry.executable ? 0o755 : 0o644);
};

/**
 * Creates `directory`. The kernel's modules stay compressed; the driver's modules go where DKMS would put
 * them.
 */
export const compose = async (
  directory: string,
  { tree, kernel, root, driver }: { tree: Tree; kernel: Kernel; root: ToolRoot; driver: DriverModules },
): Promise<void> => {
  await execa('cp', ['--archive', '--reflink=auto', '--', tree.root, directory]);
  await Promise.all(disabled.map((path) => rm(join(directory, path))));
  const modules = join(directory, 'usr/lib/modules', kernel.release);
  await makeDirectory(dirname(modules));
  await execa('cp', ['--archive', '--reflink=auto', '--', kernel.modulesDirectory, modules]);
  // These links lead to the headers, which the guest does not have.
  for (const link of ['build', 'source']) await rm(join(modules, link), { force: true });
  await mkdir(join(modules, driverDirectory), { recursive: true });
  for (const name of driver.modules)
    await copyFile(join(driver.directory, name), join(modules, driverDirectory, name));
  for (const entry of await ownEntries(root, driver.load)) await writeEntry(directory, entry);
  await runInToolRoot(root, ['depmod', '--basedir', join(directory, 'usr'), kernel.release], {
    binds: [{ path: directory, writable: true }],
  });
  await execa('chmod', ['--recursive', 'u=rwX,go=rX', modules]);
};
