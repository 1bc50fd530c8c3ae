import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { privateCache } from '../../harness/testing/private-cache.js';
import { recipeHash } from './debug/recipe.js';
import { removeKernel } from './ensure.js';
import { manifestFor } from './kernel.js';
import { kernelStatus } from './status.js';
import { kernelRow } from './table.js';

const row = kernelRow('6.12-cloud');

t.test('the states not fetched, fetched and built', async (t) => {
  const cache = privateCache(t);
  t.match(await kernelStatus(row), { state: 'not fetched', release: null, bytes: 0, default: true });
  const home = join(cache, 'kernels', row.name);
  await mkdir(join(home, '6.12.9-1'), { recursive: true });
  const [file, text] = manifestFor({ release: '6.12.9+deb13-cloud-amd64', version: '6.12.9-1' });
  await writeFile(join(home, '6.12.9-1', file), text);
  await writeFile(join(home, '6.12.9-1', 'image'), Buffer.alloc(200_000, 1));
  await symlink('6.12.9-1', join(home, 'current'));
  const fetched = await kernelStatus(row);
  t.match(fetched, { state: 'fetched', release: '6.12.9+deb13-cloud-amd64', version: '6.12.9-1' });
  t.ok(fetched.bytes >= 200_000, `${fetched.bytes} bytes`);
  const modules = join(cache, 'modules', '6.12.9+deb13-cloud-amd64');
  await mkdir(join(modules, '.half.partial-01'), { recursive: true });
  t.match(await kernelStatus(row), { state: 'fetched' }, 'state during a build');
  await mkdir(join(modules, '0123'));
  t.match(await kernelStatus(row), { state: 'built' });
  await mkdir(join(cache, 'guest'));
  await writeFile(join(cache, 'guest', '6.12.9+deb13-cloud-amd64-ab.cpio'), Buffer.alloc(300_000, 1));
  const built = await kernelStatus(row);
  t.ok(built.bytes >= fetched.bytes + 300_000, `${built.bytes} bytes with its guest image`);
});

t.test('a debug kernel whose build was interrupted, or whose configuration has changed since', async (t) => {
  const cache = privateCache(t);
  const debug = kernelRow('6.12-debug');
  const addBuild = async (recipe: string): Promise<void> => {
    const work = join(cache, 'kernel-builds', `${debug.name}-6.12.9-1-${recipe}`);
    await mkdir(work, { recursive: true });
    await writeFile(join(work, 'fork.o'), Buffer.alloc(200_000, 1));
  };
  await addBuild('00000000');
  t.match(await kernelStatus(debug), { state: 'not fetched', release: null }, 'of an earlier configuration');
  await addBuild(await recipeHash(debug.series));
  const interrupted = await kernelStatus(debug);
  t.match(interrupted, { state: 'interrupted', release: null });
  t.ok(interrupted.bytes >= 400_000, `${interrupted.bytes} bytes`);
  const home = join(cache, 'kernels', debug.name);
  const addTree = async (recipe: string): Promise<void> => {
    await mkdir(join(home, recipe), { recursive: true });
    const release = '6.12.9-vmmci-debug';
    const [file, text] = manifestFor({ release, version: '6.12.9-1', recipe });
    await writeFile(join(home, recipe, file), text);
    await rm(join(home, 'current'), { force: true });
    await symlink(recipe, join(home, 'current'));
  };
  await addTree('00000000');
  const outdated = await kernelStatus(debug);
  t.match(outdated, { state: 'outdated', release: '6.12.9-vmmci-debug' });
  await addTree(await recipeHash(debug.series));
  const present = await kernelStatus(debug);
  t.match(present, { state: 'fetched', release: '6.12.9-vmmci-debug' });
  t.not(present.version, outdated.version, 'modules for one do not fit the other');
});

t.test('a cache that cannot be read is not an empty cache', async (t) => {
  const cache = privateCache(t);
  const home = join(cache, 'kernels', row.name);
  await mkdir(home, { recursive: true });
  await mkdir(join(home, 'current'));
  await t.rejects(
    kernelStatus(row),
    { code: 'KERNEL_TREE' },
    'a directory in place of the link to the current tree',
  );
  await rm(home, { recursive: true });
  await symlink(row.name, home);
  await t.rejects(kernelStatus(row), { code: 'ELOOP' }, 'a link to itself in place of the kernel');
  await t.rejects(removeKernel(row), { code: 'ELOOP' });
});
