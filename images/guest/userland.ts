// The programs and the C library of guests: those of the tool root, or Debian's 32-bit packages in a tree of
// their own.

import { join } from 'node:path';
import type { Architecture } from '../packages/architecture.js';
import { ensureTree, packageList } from '../packages/ensure-tree.js';
import type { Bind, ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { suite } from '../toolroot/recipe.js';

export interface Userland {
  /** A root file system with busybox, lspci and their libraries. */
  path: string;
  /** The directory in which the loader looks for libraries, in the guest and below `path`/usr. */
  libraryDirectory: string;
  /** The path of a file with the versions of its packages. */
  versions: string;
  /** The first words of the compiler's command line. Flags and sources follow, then `libraries`. */
  compiler: readonly string[];
  libraries: readonly string[];
  binds: readonly Bind[];
}

/** The path of the 32-bit packages inside the tool root. */
const at = '/userland';

/** gcc's major version in the suite of the tool root. */
const gcc = '14';

const tree32 = {
  what: '32-bit guest programs',
  folder: 'userland',
  suite,
  architecture: 'i386',
  packages: ['busybox-static', 'pciutils'],
  // The compiler is that of the tool root. libgcc has 64-bit division.
  alone: ['musl-dev', `libgcc-${gcc}-dev`],
  without: [],
  space: 200e6,
} as const;

/**
 * The userland of guests of this architecture; fetched if it is not in the cache. Rejects as `ensureTree`
 * does.
 */
export const ensureUserland = async (
  architecture: Architecture,
  root: ToolRoot,
  options: ProgressOptions = {},
): Promise<Userland> => {
  if (architecture === 'amd64') {
    const { path } = root;
    const versions = join(path, 'var/lib/dpkg/status');
    const libraryDirectory = 'lib/x86_64-linux-gnu';
    return { path, libraryDirectory, versions, compiler: ['musl-gcc'], libraries: [], binds: [] };
  }
  const path = await ensureTree(tree32, root, options);
  const musl = `${at}/usr/lib/i386-linux-musl`;
  return {
    path,
    libraryDirectory: 'lib/i386-linux-gnu',
    versions: join(path, packageList),
    // As musl-gcc does, which supports only the compiler's own architecture.
    compiler: ['gcc', '-m32', '-nostdinc', '-isystem', `${at}/usr/include/i386-linux-musl`, '-nostdlib'],
    libraries: [`${musl}/crt1.o`, `${musl}/libc.a`, `${at}/usr/lib/gcc/i686-linux-gnu/${gcc}/libgcc.a`],
    binds: [{ path, at }],
  };
};
