// Finds the parts of a kernel where distributions put them: Debian, Ubuntu, Fedora, openSUSE, Arch, Alpine
// and NixOS.

import { open, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { resolveInside } from './inside.js';
import { compareReleases } from './packages.js';

/** Paths relative to the root, with links resolved; undefined for parts that were not found. */
export interface FoundParts {
  readonly modules?: string | undefined;
  readonly image?: string | undefined;
  readonly config?: string | undefined;
  /** The directory that modules are built against, with Makefile and Module.symvers. */
  readonly headers?: string | undefined;
}

const moduleDirectories = ['usr/lib/modules', 'lib/modules'];

const namesIn = (path: string): Promise<string[]> => readdir(path).catch(() => []);

/** Releases that have modules below `root`, the newest last. */
export const releasesIn = async (root: string): Promise<string[]> => {
  const found = await Promise.all(moduleDirectories.map((path) => namesIn(join(root, path))));
  return [...new Set(found.flat())].filter((name) => /^\d+\.\d+/.test(name)).sort(compareReleases);
};

const firstInside = async (root: string, paths: readonly string[]): Promise<string | undefined> => {
  for (const path of paths) {
    const found = await resolveInside(root, path);
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * Arch names its image after the file pkgbase, Alpine after the release's last part: `vmlinuz-linux`,
 * `vmlinuz-virt`.
 */
const flavoursOf = async (root: string, modules: string, release: string): Promise<string[]> => {
  const base = await readFile(join(root, modules, 'pkgbase'), 'utf8').catch(() => '');
  const last = /-([a-z][\w.]*)$/.exec(release)?.[1];
  return [base.trim(), last ?? ''].filter((flavour) => /^[\w.+-]+$/.test(flavour));
};

/**
 * Offsets in a bzImage (Documentation/arch/x86/boot.rst): the magic, and the version text's offset less
 * 0x200.
 */
const MAGIC = 0x202;
const KERNEL_VERSION = 0x20e;

/** The release in a bzImage; `undefined` if the file is not a bzImage. */
const releaseOfImage = async (path: string): Promise<string | undefined> => {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(0x8000), position: 0 });
    if (bytesRead < KERNEL_VERSION + 2 || buffer.toString('latin1', MAGIC, MAGIC + 4) !== 'HdrS')
      return undefined;
    const at = buffer.readUInt16LE(KERNEL_VERSION) + 0x200;
    return /^[\w.+~-]+/.exec(buffer.toString('latin1', at, Math.min(bytesRead, at + 128)))?.[0];
  } finally {
    await file.close();
  }
};

/** An image without the release in its name may be another kernel's, so its content is checked. */
const imageOf = async (
  root: string,
  named: readonly string[],
  unnamed: readonly string[],
  release: string,
) => {
  const found = await firstInside(root, named);
  if (found !== undefined) return found;
  for (const path of unnamed) {
    const image = await resolveInside(root, path);
    if (image !== undefined && (await releaseOfImage(join(root, image))) === release) return image;
  }
  return undefined;
};

/** The parts of one release below `root`. */
export const findParts = async (root: string, release: string): Promise<FoundParts> => {
  const modules = await firstInside(
    root,
    moduleDirectories.map((path) => `${path}/${release}`),
  );
  if (modules === undefined) return {};
  const flavours = await flavoursOf(root, modules, release);
  const image = await imageOf(
    root,
    [`boot/vmlinuz-${release}`, `${modules}/vmlinuz`, `boot/vmlinux-${release}`, `${modules}/vmlinux`],
    [...flavours.map((flavour) => `boot/vmlinuz-${flavour}`), 'bzImage', 'boot/bzImage', 'vmlinuz'],
    release,
  );
  const candidates = [`${modules}/build`, `usr/src/linux-headers-${release}`, `usr/src/kernels/${release}`];
  const symbols = await firstInside(
    root,
    candidates.map((path) => `${path}/Module.symvers`),
  );
  const headers = symbols === undefined ? undefined : dirname(symbols);
  const config = await firstInside(root, [
    `boot/config-${release}`,
    `${modules}/config`,
    ...flavours.map((flavour) => `boot/config-${flavour}`),
    ...(headers === undefined ? [] : [`${headers}/.config`]),
  ]);
  return { modules, image, config, headers };
};

/** The tree that a path belongs to, which is copied as a whole. */
const treeOf = (path: string): string => {
  const [, tree] =
    /^(usr\/src\/kernels\/[^/]+|usr\/src\/[^/]+|usr\/lib\/linux-kbuild-[^/]+|(?:usr\/)?lib\/modules\/[^/]+\/[^/]+)/.exec(
      path,
    ) ?? [];
  return tree ?? path;
};

/**
 * Paths that a header tree's Makefile includes: `/usr/src/linux-headers-6.12-common/Makefile`,
 * `../../../linux-6.12/Makefile`.
 */
export const includedPaths = (makefile: string): string[] =>
  [...makefile.matchAll(/^\s*-?include\s+((?:\/|\.\.\/)\S+)/gm)].map(([, path = '']) => path);

/**
 * The tree of `headers`, and all trees that it refers to in its Makefile or by links. A module build needs
 * all of them.
 */
export const headerTrees = async (root: string, headers: string): Promise<string[]> => {
  const trees = [treeOf(headers)];
  for (const tree of trees) {
    const directory = tree === treeOf(headers) ? headers : tree;
    const makefile = await readFile(join(root, directory, 'Makefile'), 'utf8').catch(() => '');
    const included = includedPaths(makefile).map((path) =>
      path.startsWith('/') ? path : `${directory}/${path}`,
    );
    const entries = (await namesIn(join(root, directory))).map((name) => `${directory}/${name}`);
    for (const path of [...included, ...entries]) {
      const found = await resolveInside(root, path);
      if (found !== undefined && !trees.some((known) => `${found}/`.startsWith(`${known}/`)))
        trees.push(treeOf(found));
    }
  }
  return trees;
};
