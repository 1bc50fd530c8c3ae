import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { privateCache } from '../../../harness/testing/private-cache.js';
import type { ToolRoot } from '../../toolroot/enter.js';
import { manifestFor } from '../kernel.js';
import { kernelRow } from '../table.js';
import { findKernel } from '../tree.js';
import { ensureDebugKernel } from './ensure.js';
import { recipeHash } from './recipe.js';

t.test('a kernel of this configuration is not built again after one of another checkout', async (t) => {
  const cache = privateCache(t);
  const row = kernelRow('6.12-debug');
  const home = join(cache, 'kernels', row.name);
  const addTree = async (recipe: string): Promise<void> => {
    const directory = join(home, `6.12.9-1.${recipe}`);
    await mkdir(directory, { recursive: true });
    const [file, text] = manifestFor({ release: '6.12.9-vmmci-debug', version: '6.12.9-1', recipe });
    await writeFile(join(directory, file), text);
  };
  const own = await recipeHash(row.series);
  await addTree(own);
  await addTree('00000000');
  await symlink('6.12.9-1.00000000', join(home, 'current'));
  t.match(await findKernel(row), { recipe: '00000000' });
  const progress: string[] = [];
  const kernel = await ensureDebugKernel(row, {} as ToolRoot, { progress: (line) => progress.push(line) });
  t.match(kernel, { recipe: own });
  t.match(await findKernel(row), { recipe: own });
  t.strictSame(progress, [], 'nothing is downloaded or built');
});
