// Tests with the tool root's programs that the same inputs give the same bytes.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { distroInitramfs } from '../distro/initramfs.js';
import { ensureKernel } from '../kernels/ensure.js';
import { defaultKernelName, kernelRow } from '../kernels/table.js';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { guestInitramfs } from './initramfs.js';
import type { Entry } from './newc.js';
import { writePayload } from './payload.js';
import { ensureUserland } from './userland.js';

const root = await ensureToolRoot();
const kernel = await ensureKernel(kernelRow(defaultKernelName), root);

t.test('makes the same initramfs each time', async (t) => {
  const userland = await ensureUserland('amd64', root);
  for (const [name, make] of Object.entries({ guestInitramfs, distroInitramfs })) {
    const [first, second] = [await make(kernel, root, userland), await make(kernel, root, userland)];
    t.ok(first.length > 1 << 20, `${name}: ${first.length} bytes`);
    t.ok(first.equals(second), name);
  }
});

t.test('makes the same payload disk from the same files in any order', async (t) => {
  const directory = t.testdir();
  const entries = ['b', 'a', 'c/d'].map(
    (path): Entry => ({ path, type: 'file', content: Buffer.from(path) }),
  );
  const written = async (name: string, list: Entry[]): Promise<Buffer> => {
    const path = join(directory, name);
    await writePayload(path, list);
    return readFile(path);
  };
  const first = await written('one', entries);
  t.ok(first.equals(await written('two', [...entries].reverse())));
  const other = entries.map((entry, index) =>
    index === 0 ? { ...entry, content: Buffer.from('x') } : entry,
  );
  t.notOk(first.equals(await written('three', other as Entry[])), 'other files give another disk');
});
