import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { HarnessError } from '../../harness/base/errors.js';
import { privateCache } from '../../harness/testing/private-cache.js';
import { ensureBootImage } from './boot-image.js';

const root = { path: '/nowhere', version: '11.1', compiler: 'gcc' };

t.test('unpacks the kernel if QEMU can start it, otherwise returns the image', async (t) => {
  const directory = t.testdir({ config: 'CONFIG_PVH=y\n', without: '# CONFIG_PVH is not set\n' });
  const kernel = { release: 'r', bootImage: 'bzImage', config: join(directory, 'config') };
  const unpack = async (): Promise<string> => 'vmlinux';
  t.equal(await ensureBootImage(kernel, root, unpack), 'vmlinux');
  t.equal(await ensureBootImage({ ...kernel, config: join(directory, 'without') }, root, unpack), 'bzImage');
  const unknown = async (): Promise<string> => {
    throw new HarnessError('GUEST_BUILD', { reason: 'packed in another way' });
  };
  t.equal(await ensureBootImage(kernel, root, unknown), 'bzImage');
  const full = async (): Promise<string> => {
    throw new HarnessError('CACHE_FULL', { path: directory, variable: 'X' });
  };
  await t.rejects(ensureBootImage(kernel, root, full), { code: 'CACHE_FULL' });
});

t.test('returns an image of unknown format unchanged', async (t) => {
  privateCache(t);
  const directory = t.testdir({ config: 'CONFIG_PVH=y\n' });
  await writeFile(join(directory, 'image'), 'not a bzImage, but long enough for the check'.repeat(40));
  const kernel = { release: 'r', bootImage: join(directory, 'image'), config: join(directory, 'config') };
  t.equal(await ensureBootImage(kernel, root), kernel.bootImage);
});
