// Finds the shared libraries of a program in a root file system, without running the program: it may be of
// another architecture.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { ifExists } from '../../harness/base/if-exists.js';
import { parseElfListing } from '../toolroot/elf-listing.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import type { Userland } from './userland.js';

const find = async (top: string, directory: string, name: string): Promise<string> => {
  if ((await ifExists(stat(join(top, 'usr', directory, name)))) !== undefined) return `${directory}/${name}`;
  throw new HarnessError('GUEST_BUILD', { reason: `${top} has no library ${name}` });
};

/**
 * The guest paths of all libraries that the program at `path` of a userland needs, and of its loader. In the
 * userland they are below usr, which Debian's root links to. Rejects with GUEST_BUILD if one is missing.
 */
export const librariesOf = async (
  root: ToolRoot,
  { path: top, libraryDirectory }: Pick<Userland, 'path' | 'libraryDirectory'>,
  path: string,
): Promise<string[]> => {
  const found = new Set<string>();
  const add = async (file: string): Promise<void> => {
    const { stdout } = await runInToolRoot(root, ['readelf', '-ld', join(top, 'usr', file)], {
      binds: [{ path: top }],
    });
    const { libraries, loader } = parseElfListing(stdout);
    if (loader !== undefined) found.add(loader);
    for (const name of libraries) {
      // The C library names its own loader.
      if (name.startsWith('ld-linux')) continue;
      const library = await find(top, libraryDirectory, name);
      if (found.has(library)) continue;
      found.add(library);
      await add(library);
    }
  };
  await add(path.replace(/^usr\//, ''));
  return [...found];
};
