import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { privateCache } from '../../harness/testing/private-cache.js';
import { removeKernel } from './ensure.js';
import { manifestFor } from './kernel.js';
import { kernelRow } from './table.js';
import { findKernel, makeCurrent, rowDirectory } from './tree.js';

const row = kernelRow('6.12-cloud');

/** Adds a tree named `one` to the row, with its manifest. */
const addTree = (): string => {
  const directory = join(rowDirectory(row), 'one');
  mkdirSync(directory, { recursive: true });
  const [file, text] = manifestFor({ release: '6.12.1', version: '6.12.1-1', architecture: 'amd64' });
  writeFileSync(join(directory, file), text);
  return join(directory, file);
};

t.test('what is in place of the link to the current tree is named, and can be removed', async (t) => {
  privateCache(t);
  addTree();
  const link = join(rowDirectory(row), 'current');
  mkdirSync(link);
  const damaged = {
    code: 'KERNEL_TREE',
    message: `kernel 6.12-cloud: ${link} is not a link; remove it with vmmci kernels remove 6.12-cloud, and run the same command again`,
  };
  await t.rejects(findKernel(row), damaged);
  await t.rejects(makeCurrent(row, 'one'), damaged);
  t.equal(await removeKernel(row), true);
  t.equal(await findKernel(row), undefined);
});

t.test('a damaged tree is named, with the command that removes it', async (t) => {
  privateCache(t);
  writeFileSync(addTree(), '{"layout":');
  await t.rejects(makeCurrent(row, 'one'), {
    code: 'KERNEL_TREE',
    message:
      'kernel one: its kernel.json is damaged; remove it with vmmci kernels remove 6.12-cloud, and run the same command again',
  });
});
