// Tests unpacking in every format that an x86 kernel may be packed in. Needs the tool root.

import t from 'tap';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { runInToolRoot } from '../toolroot/run.js';
import type { Compression } from './bzimage.js';
import { unpack } from './vmlinux.js';

const root = await ensureToolRoot();

/** The commands of the kernel's build (scripts/Makefile.lib). */
const packers: Readonly<Record<Compression, readonly string[]>> = {
  gzip: ['gzip', '-n', '-f', '-9'],
  lz4: ['lz4', '-l', '-9', '-c'],
  xz: ['xz', '--check=crc32', '--lzma2=dict=32MiB'],
  zstd: ['zstd', '-22', '--ultra', '-q'],
};

const content = Buffer.concat([Buffer.alloc(9_000_000, 'kernel '), Buffer.from('end')]);

for (const [compression, argv] of Object.entries(packers) as [Compression, readonly string[]][])
  t.test(compression, async (t) => {
    const { stdout } = await runInToolRoot(root, argv, { host: { input: content, encoding: 'buffer' } });
    const packed = Buffer.from(stdout);
    t.ok((await unpack(compression, packed, root)).equals(content));
    await t.rejects(unpack(compression, packed.subarray(0, -9), root), {
      code: 'GUEST_BUILD',
      message: new RegExp(`${compression}: .`),
    });
  });
