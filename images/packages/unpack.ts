// Downloads Debian packages and unpacks them without running their maintainer scripts.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import type { Apt } from './apt.js';

export interface Package {
  /** With the architecture if it is not apt's own: `libc6:i386`. */
  name: string;
  version: string;
}

/** The packages that a simulated installation would unpack. Pure. */
export const parseSimulation = (stdout: string): Package[] =>
  stdout.split('\n').flatMap((line) => {
    const [, name, version] = /^Inst (\S+) \((\S+) /.exec(line) ?? [];
    return name === undefined || version === undefined ? [] : [{ name, version }];
  });

/** The packages that apt would install for `names`, with all that they depend on. */
export const resolvePackages = async (apt: Apt, names: readonly string[]): Promise<Package[]> =>
  parseSimulation(await apt.run(['apt-get', 'install', '--simulate', '--no-install-recommends', ...names]));

/**
 * Downloads to a directory beside `tree` (apt checks sizes and hashes), unpacks to `tree`, which may exist,
 * and removes the downloads.
 */
export const unpackPackages = async (
  apt: Apt,
  root: ToolRoot,
  packages: readonly Package[],
  tree: string,
): Promise<void> => {
  const debs = `${tree}-debs`;
  try {
    await mkdir(debs);
    await mkdir(tree, { recursive: true });
    await apt.run(
      ['apt-get', 'download', ...packages.map(({ name, version }) => `${name}=${version}`)],
      debs,
    );
    const binds = [{ path: debs }, { path: tree, writable: true }];
    for (const deb of (await readdir(debs)).sort())
      await runInToolRoot(root, ['dpkg-deb', '-x', join(debs, deb), tree], { binds });
  } finally {
    await removeTree(debs);
  }
};
