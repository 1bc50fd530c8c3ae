// Finds the parts of a kernel where distributions put them: Debian, Ubuntu, Fedora, openSUSE, Arch, Alpine
// and NixOS.

import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists, namesIn } from '../../harness/base/if-exists.js';
import { resolveInside } from './inside.js';
import { compareReleases } from './packages.js';

/** Paths relative to the root, with links resolved; undefined for parts that were not found. */
export interface FoundParts {
  readonly modules?: string | undefined;
  readonly image?: string | undefined;
  readonly config?: string | undefined;
  /** The directory that modules are built against. */
  readonly headers?: string | undefined;
  /** Module.symvers of the headers. */
  readonly symbols?: string | undefined;
}

const moduleDirectories = ['usr/lib/modules', 'lib/modules'];

const namesInside = async (root: string, path: string): Promise<string[]> => {
  const found = await resolveInside(root, path);
  return found === undefined ? [] : namesIn(join(root, found));
};

/** Releases that have modules below `root`, the newest last. */
export const releasesIn = async (root: string): Promise<string[]> => {
  const found = await Promise.all(moduleDirectories.map((path) => namesInside(root, path)));
  return [...new Set(found.flat())].filter((name) => /^\d+\.\d+/.test(name)).sort(compareReleases);
};

/**
 * The first path that exists. An empty file does not count: something was interrupted when it was written.
 */
const firstInside = async (root: string, paths: readonly string[]): Promise<string | undefined> => {
  for (const path of paths) {
    const found = await resolveInside(root, path);
    if (found === undefined) continue;
    const facts = await stat(join(root, found));
    if (!facts.isFile() || facts.size > 0) return found;
  }
  return undefined;
};

/**
 * Arch names its image after the file pkgbase, Alpine after the release's last part: `vmlinuz-linux`,
 * `vmlinuz-virt`.
 */
const flavoursOf = async (root: string, modules: string, release: string): Promise<string[]> => {
  const base = (await ifExists(readFile(join(root, modules, 'pkgbase'), 'utf8'))) ?? '';
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

/** The first of the directories that has Module.symvers, which may itself be a link. */
const headersOf = async (
  root: string,
  paths: readonly string[],
): Promise<Pick<FoundParts, 'headers' | 'symbols'>> => {
  for (const path of paths) {
    const headers = await resolveInside(root, path);
    const symbols = headers && (await firstInside(root, [`${headers}/Module.symvers`]));
    if (symbols !== undefined) return { headers, symbols };
  }
  return {};
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
  const { headers, symbols } = await headersOf(root, [
    `${modules}/build`,
    `usr/src/linux-headers-${release}`,
    `usr/src/kernels/${release}`,
  ]);
  const config = await firstInside(root, [
    `boot/config-${release}`,
    `${modules}/config`,
    ...flavours.map((flavour) => `boot/config-${flavour}`),
    ...(headers === undefined ? [] : [`${headers}/.config`]),
  ]);
  return { modules, image, config, headers, symbols };
};
