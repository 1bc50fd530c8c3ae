// Tests of the data disk with qemu-img and e2fsprogs from the tool root.

import { join } from 'node:path';
import t from 'tap';
import type { Disk } from '../../harness/qemu/argv.js';
import { createBase } from '../../images/qemu-img/image.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { readDataDisk } from './data-disk.js';

const root = await ensureToolRoot();

/**
 * Creates a qcow2 image with a file that ends in newlines. `spoil` is a command that changes the raw file
 * system.
 */
const diskWith = async (directory: string, spoil?: readonly string[]): Promise<Disk> => {
  const base = join(directory, 'base');
  const path = join(directory, 'data.img');
  const flat = join(directory, 'flat');
  await createBase(root, join(directory, 'files'), base, { size: 16 });
  const inside = (argv: string[]) =>
    runInToolRoot(root, argv, { binds: [{ path: directory, writable: true }] });
  await inside(['qemu-img', 'convert', '-O', 'raw', base, flat]);
  if (spoil) await inside([...spoil, flat]);
  await inside(['qemu-img', 'convert', '-O', 'qcow2', flat, path]);
  return { name: 'data', slot: 9, path, format: 'qcow2' };
};

const content = 'a\r\n\0\n\n';

t.test('reads an unmounted file system, and a file to the last byte', async (t) => {
  const directory = t.testdir({ files: { file: content } });
  const found = await readDataDisk({ root }, await diskWith(directory));
  t.equal(found.image.verdict, 'sound');
  t.equal(found.state, 'clean');
  t.equal(found.sound, true);
  t.equal(String(await found.content('file')), content);
  t.equal((await found.content('gone')).length, 0);
});

t.test('replays the journal of a mounted file system in a copy and does not change the disk', async (t) => {
  const directory = t.testdir({ files: { file: content } });
  const disk = await diskWith(directory, ['debugfs', '-w', '-R', 'feature needs_recovery']);
  for (const time of ['first', 'second']) {
    const found = await readDataDisk({ root }, disk);
    t.equal(found.state, 'recovery', `${time} time`);
    t.equal(found.sound, true, found.report);
    t.equal(String(await found.content('file')), content);
  }
});

t.test('reports the damage that e2fsck finds', async (t) => {
  const directory = t.testdir({ files: { file: content } });
  const disk = await diskWith(directory, ['debugfs', '-w', '-R', 'set_inode_field file links_count 7']);
  const found = await readDataDisk({ root }, disk);
  t.equal(found.sound, false);
  t.match(found.report, /ref count is 7, should be 1/);
});

t.test('takes a destroyed file system for unsound, not for a failure of the tools', async (t) => {
  const directory = t.testdir({ files: { file: content } });
  const disk = await diskWith(directory, [
    'sh',
    '-c',
    'dd if=/dev/zero of="$0" bs=4096 count=1 conv=notrunc',
  ]);
  const found = await readDataDisk({ root }, disk);
  t.equal(found.sound, false);
  t.match(found.report, /Bad magic number/);
});
