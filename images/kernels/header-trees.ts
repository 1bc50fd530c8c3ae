// Finds the directories that a module build needs: the headers of a kernel, and what they refer to.

import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifExists } from '../../harness/base/if-exists.js';
import { isWithin, resolveInside } from './inside.js';

/** The usual directories with headers. Each is used as a whole. */
const usualTree =
  /^(?:.*\/)?(?:usr\/src\/kernels\/[^/]+|usr\/src\/[^/]+|lib\/linux-kbuild-[^/]+|lib\/modules\/[^/]+\/[^/]+)(?=\/|$)/;

const usualTreeOf = (path: string): string | undefined => usualTree.exec(path)?.[0];

/**
 * Paths that a header tree's Makefile includes: `/usr/src/linux-headers-6.12-common/Makefile`,
 * `../../../linux-6.12/Makefile`.
 */
export const includedPaths = (makefile: string): string[] =>
  [...makefile.matchAll(/^\s*-?include\s+((?:\/|\.\.\/)\S+)/gm)].map(([, path = '']) => path);

/** The trees with the files that the Makefile in `directory` includes. */
const includedTrees = async (root: string, directory: string): Promise<string[]> => {
  const makefile = (await ifExists(readFile(join(root, directory, 'Makefile'), 'utf8'))) ?? '';
  const trees: string[] = [];
  for (const path of includedPaths(makefile)) {
    const found = await resolveInside(root, path.startsWith('/') ? path : `${directory}/${path}`);
    if (found !== undefined) trees.push(usualTreeOf(found) ?? dirname(found));
  }
  return trees;
};

/** The usual trees to which links in `directory` lead. Copying follows a link to anything else. */
const linkedTrees = async (root: string, directory: string): Promise<string[]> => {
  const trees: string[] = [];
  for (const name of await readdir(join(root, directory))) {
    const found = await resolveInside(root, `${directory}/${name}`);
    const tree = found === undefined ? undefined : usualTreeOf(found);
    if (tree !== undefined) trees.push(tree);
  }
  return trees;
};

/**
 * The tree of `headers`, and all trees that it refers to in its Makefile or by links. A module build needs
 * all of them. Paths are relative to `root`; those of `headers` and of the result have no links.
 */
export const headerTrees = async (root: string, headers: string): Promise<string[]> => {
  const first = usualTreeOf(headers) ?? headers;
  const trees = [first];
  for (const tree of trees) {
    const directory = tree === first ? headers : tree;
    if (!(await stat(join(root, directory))).isDirectory()) continue;
    for (const found of [
      ...(await includedTrees(root, directory)),
      ...(await linkedTrees(root, directory)),
    ]) {
      // A link to a parent directory would copy the tree into itself.
      const isAbove = found === '.' || isWithin(tree, found);
      if (!isAbove && !trees.some((known) => isWithin(found, known))) trees.push(found);
    }
  }
  return trees;
};
