// The contents of the tool root. Its directory is named by a hash of this recipe, so a change makes a new
// tool root.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asset } from '../asset.js';
import type { DebianRecipe } from './bootstrap.js';

/** Increase it when the way a tool root is made changes and the rest of the recipe does not show that. */
const generation = 1;

export const suite = 'trixie';

/** Packages, each with the programs that must be in the tool root's PATH afterwards. */
const packages = {
  'qemu-system-x86': ['qemu-system-x86_64'],
  'qemu-utils': ['qemu-img'],
  gcc: ['gcc', 'ld'],
  // The C library of the guest programs.
  'musl-tools': ['musl-gcc'],
  make: ['make'],
  // Module builds: kernels up to 6.12 run `bc`, and the prebuilt kbuild programs read ELF files.
  bc: ['bc'],
  libelf1t64: [],
  // Builds of whole kernels: the configuration language, and programs that run during the build.
  flex: ['flex'],
  bison: ['bison'],
  'libc6-dev': [],
  'libelf-dev': [],
  sparse: ['sparse'],
  // Debuggers for `vmmci shell --gdb`, and for the memory of a guest that --dump keeps.
  gdb: ['gdb'],
  'python3-drgn': ['drgn'],
  kmod: ['depmod', 'modinfo'],
  pciutils: ['lspci'],
  'busybox-static': ['busybox'],
  e2fsprogs: ['mke2fs', 'e2fsck'],
  zstd: ['zstd'],
  lz4: ['lz4'],
  'xz-utils': ['xz'],
  cpio: ['cpio'],
} as const satisfies Record<string, readonly string[]>;

/** The tool root needs no manual pages or translations. QEMU's own documentation is kept. */
const leftOut = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/info/*',
];

/**
 * Space in bytes for mmdebstrap in `$TMPDIR`, and for the result in the cache. Measured in 2026-11: 0.6 GB
 * each.
 */
const space = { scratch: 900e6, cache: 800e6 };

const setupHook = readFileSync(asset('toolroot', 'setup-hook.sh'), 'utf8');

/** The latest date of any file, in seconds since the epoch: the release day of Debian 13.0. */
export const sourceDateEpoch = 1754697600;

/** The part of the recipe that is passed to mmdebstrap. */
export const debianRecipe: DebianRecipe = {
  suite,
  variant: 'apt',
  packages: Object.keys(packages),
  leftOut,
  extra: [`--setup-hook=${setupHook}`],
};

export const recipe = { generation, suite, packages, leftOut, setupHook, space } as const;

/** The name of the directory of a tool root that is made by this recipe. */
export const recipeHash: string = createHash('sha256')
  .update(JSON.stringify({ generation, suite, packages, leftOut, setupHook }))
  .digest('hex')
  .slice(0, 12);

/** Every program that a complete tool root contains. */
export const recipePrograms: readonly string[] = Object.values(packages).flat();
