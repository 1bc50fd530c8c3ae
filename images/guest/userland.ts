// The programs and the C library of guests: the tool root's own, or Debian's 32-bit packages beside it.

import { join } from 'node:path';
import type { Architecture } from '../packages/architecture.js';
import { ensureTree, packageList } from '../packages/ensure-tree.js';
import type { Bind, ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { suite } from '../toolroot/recipe.js';

export interface Userland {
  /** A root file system with busybox, lspci and their libraries. */
  path: string;
  /** Where its loader looks for libraries, in the guest and below `path`/usr. */
  libraryDirectory: string;
  /** The file that tells the versions of its packages. */
  versions: string;
  /** The compiler's command line, up to sources and flags, and what follows them. */
  compiler: readonly string[];
  libraries: readonly string[];
  binds: readonly Bind[];
}

/** The path at which the tool root shows the 32-bit packages to its compiler. */
const at = '/userland';

/** gcc's major version in the suite of the tool root. */
const gcc = '14';

const narrow = {
  what: '32-bit guest programs',
  folder: 'userland',
  suite,
  architecture: 'i386',
  packages: ['busybox-static', 'pciutils'],
  // The compiler itself is the tool root's. 64-bit division is in libgcc.
  alone: ['musl-dev', `libgcc-${gcc}-dev`],
  without: [],
  space: 200e6,
} as const;

/** The userland of guests of this architecture; fetched if it is not in the cache. Throws as `ensureTree`. */
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
  const path = await ensureTree(narrow, root, options);
  const musl = `${at}/usr/lib/i386-linux-musl`;
  return {
    path,
    libraryDirectory: 'lib/i386-linux-gnu',
    versions: join(path, packageList),
    // What musl-gcc does, which is for the compiler's own architecture only.
    compiler: ['gcc', '-m32', '-nostdinc', '-isystem', `${at}/usr/include/i386-linux-musl`, '-nostdlib'],
    libraries: [`${musl}/crt1.o`, `${musl}/libc.a`, `${at}/usr/lib/gcc/i686-linux-gnu/${gcc}/libgcc.a`],
    binds: [{ path, at }],
  };
};
