// Finds Chromium in the cache, or fetches it from the Debian archive: tests open HTML reports in it. The
// host's browser, if any, is not used.

import { join } from 'node:path';
import { ensureTree } from '../packages/ensure-tree.js';
import { namespaces, type ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { suite } from '../toolroot/recipe.js';

const recipe = {
  what: 'browser',
  folder: 'browser',
  suite: `${suite}-security`,
  architecture: 'amd64',
  // The headless shell needs no desktop's libraries. Without a font, texts have no height.
  packages: ['chromium-headless-shell', 'fonts-dejavu-core'],
  alone: [],
  // Drivers of real graphics cards: a third of everything.
  without: ['libllvm19', 'libz3-4', 'mesa-libgallium'],
  space: 700e6,
} as const;

/** The path of the program in the tree. */
const program = '/usr/lib/chromium/chromium-headless-shell';

/**
 * The command line that runs Chromium; files in `directory` have the same path inside, and can be written.
 */
export type BrowserCommand = (directory: string, args: readonly string[]) => { file: string; args: string[] };

/**
 * Chromium in its own root file system, without network, in a PID namespace that ends with this process. Once
 * in the cache it needs no network. Rejects as `ensureTree` does.
 */
export const ensureBrowser = async (
  root: ToolRoot,
  options: ProgressOptions = {},
): Promise<BrowserCommand> => {
  const tree = await ensureTree(recipe, root, options);
  return (directory, args) => ({
    file: 'bwrap',
    args: [
      ...namespaces({ network: false }),
      '--die-with-parent',
      ...['--ro-bind', join(tree, 'usr'), '/usr', '--ro-bind', join(tree, 'etc'), '/etc'],
      ...['--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
      ...['--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--bind', directory, directory],
      ...['--clearenv', '--setenv', 'HOME', '/tmp', '--setenv', 'LC_ALL', 'C.UTF-8'],
      ...['--', program, ...args],
    ],
  });
};
