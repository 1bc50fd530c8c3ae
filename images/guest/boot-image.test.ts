import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { HarnessError } from '../../harness/base/errors.js';
import { ensureBootImage } from './boot-image.js';

const root = { path: '/nowhere', version: '11.1', compiler: 'gcc' };

t.test('unpacked where QEMU can start it, else the image as it is', async (t) => {
  const place = t.testdir({ config: 'CONFIG_PVH=y\n', without: '# CONFIG_PVH is not set\n' });
  const kernel = { release: 'r', bootImage: 'bzImage', config: join(place, 'config') };
  const unpack = async (): Promise<string> => 'vmlinux';
  t.equal(await ensureBootImage(kernel, root, unpack), 'vmlinux');
  t.equal(await ensureBootImage({ ...kernel, config: join(place, 'without') }, root, unpack), 'bzImage');
  const unknown = async (): Promise<string> => {
    throw new HarnessError('GUEST_BUILD', { reason: 'packed in another way' });
  };
  t.equal(await ensureBootImage(kernel, root, unknown), 'bzImage');
  const full = async (): Promise<string> => {
    throw new HarnessError('CACHE_FULL', { path: place, variable: 'X' });
  };
  await t.rejects(ensureBootImage(kernel, root, full), { code: 'CACHE_FULL' });
});

t.test('what no image can be told from is unpacked by itself', async (t) => {
  const place = t.testdir({ config: 'CONFIG_PVH=y\n' });
  await writeFile(join(place, 'image'), 'no bzImage at all, but long enough to be looked at'.repeat(40));
  const kernel = { release: 'r', bootImage: join(place, 'image'), config: join(place, 'config') };
  process.env.XDG_CACHE_HOME = place;
  t.equal(await ensureBootImage(kernel, root), kernel.bootImage);
});
