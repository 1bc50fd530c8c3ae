// Makes the tool root twice and compares the results. Needs the network, some minutes and 1.2 GB.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { withLock } from '../../harness/base/cache/lock.js';
import { makeDebian } from './debian.js';
import { debianRecipe, recipe, sourceDateEpoch } from './recipe.js';

const limit = 1_200_000; // milliseconds
t.setTimeout(limit);

t.test('two builds of the tool root are identical', { timeout: limit }, async (t) => {
  const directory = t.testdir();
  const make = async (name: string) => {
    const root = join(directory, name);
    const options = {
      what: 'the tool root',
      name: 'toolroot-again',
      recipe: debianRecipe,
      space: recipe.space.scratch,
      sourceDateEpoch,
      progress: (line: string) => void t.comment(line),
    };
    const entries = await withLock(options.name, (lock) => makeDebian(root, options, lock));
    return { root, entries, status: await readFile(join(root, 'var/lib/dpkg/status'), 'utf8') };
  };
  let first = await make('first');
  const second = await make('second');
  // The archive changes four times a day. If it changed between the builds, build again from the new
  // packages.
  if (first.status !== second.status) first = await make('third');
  t.strictSame(
    first.entries,
    second.entries,
    `entries of both tool roots, ${first.entries.length}, are equal`,
  );
  const { stdout } = await execa('diff', ['-rq', '--no-dereference', first.root, second.root], {
    reject: false,
  });
  t.equal(stdout, '', 'differing files');
});
