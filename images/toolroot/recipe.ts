// What the tool root is made of. A change here makes a new one: its directory is named by a hash of all this.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asset } from '../asset.js';
import type { DebianRecipe } from './bootstrap.js';

/** Raise it when the way a tool root is made changes in a manner that the rest of the recipe does not show. */
const generation = 1;

export const suite = 'trixie';

/** Package, then the programs that must be there afterwards (found in the root's own PATH). */
const packages = {
  'qemu-system-x86': ['qemu-system-x86_64'],
  'qemu-utils': ['qemu-img'],
  gcc: ['gcc', 'ld'],
  // The C library of the guest's program.
  'musl-tools': ['musl-gcc'],
  make: ['make'],
  // Module builds: the prebuilt kbuild programs read ELF files; `bc` up to 6.12.
  bc: ['bc'],
  libelf1t64: [],
  // Builds of whole kernels: their configuration language, and programs that run during the build.
  flex: ['flex'],
  bison: ['bison'],
  'libc6-dev': [],
  'libelf-dev': [],
  sparse: ['sparse'],
  kmod: ['depmod', 'modinfo'],
  pciutils: ['lspci'],
  'busybox-static': ['busybox'],
  e2fsprogs: ['mke2fs', 'e2fsck'],
  zstd: ['zstd'],
  lz4: ['lz4'],
  'xz-utils': ['xz'],
  cpio: ['cpio'],
} as const satisfies Record<string, readonly string[]>;

/** Nobody reads manual pages in there. QEMU's own documentation stays. */
const leftOut = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/info/*',
];

/** What mmdebstrap needs in `$TMPDIR` plus what stays in the cache, in bytes: 0.6 GB each with the packages of 2026-11. */
const space = { scratch: 900e6, cache: 800e6 };

/** The oldest QEMU with a complete vfio-user-pci. */
const oldestQemu = [10, 2] as const;

const setupHook = readFileSync(asset('toolroot', 'setup-hook.sh'), 'utf8');

/** The day of Debian 13.0, in seconds since the epoch: no file is dated later, in no run. */
export const sourceDateEpoch = 1754697600;

/** The part that mmdebstrap is told. */
export const debianRecipe: DebianRecipe = {
  suite,
  variant: 'apt',
  packages: Object.keys(packages),
  leftOut,
  extra: [`--setup-hook=${setupHook}`],
};

export const recipe = { generation, suite, packages, leftOut, setupHook, oldestQemu, space } as const;

/** Names the directory of a tool root made by this recipe. */
export const recipeHash: string = createHash('sha256')
  .update(JSON.stringify({ generation, suite, packages, leftOut, setupHook }))
  .digest('hex')
  .slice(0, 12);

/** Every program that a whole tool root holds. */
export const recipePrograms: readonly string[] = Object.values(packages).flat();
