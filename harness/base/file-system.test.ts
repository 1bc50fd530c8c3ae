import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { fileSystemOf, fullest, mountOf, saysFull } from './file-system.js';

const mountinfo = String.raw`21 1 0:20 / / rw - overlay overlay rw
22 21 0:21 / /proc rw - proc proc rw
23 21 0:22 / /mnt/small\040disk rw - tmpfs tmpfs rw,size=1024k
24 21 0:23 / /mnt rw - ext4 /dev/vda rw
`;

t.test('the mount point with the longest path is that of a file', async (t) => {
  t.equal(mountOf(mountinfo, '/mnt/small disk/a'), '/mnt/small disk');
  t.equal(mountOf(mountinfo, '/mnt/small disk'), '/mnt/small disk');
  t.equal(mountOf(mountinfo, '/mnt/small disks'), '/mnt');
  t.equal(mountOf(mountinfo, '/home/me'), '/');
});

t.test('a path that is gone is on the file system of its directory', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-test-'));
  const there = await fileSystemOf(directory);
  await rm(directory, { recursive: true });
  t.equal((await fileSystemOf(join(directory, 'a', 'b'))).mount, there.mount);
  t.equal((await fileSystemOf('/proc/self')).mount, '/proc');
});

t.test('of several file systems, the one with the least space', async (t) => {
  t.match(await fullest({ TMPDIR: '/proc', VMMCI_RUN: '.' }), {
    variable: 'TMPDIR',
    mount: '/proc',
    freeMB: 0,
  });
});

t.test('an error that says that nothing more can be written, or whose cause does', async (t) => {
  t.ok(saysFull(Object.assign(new Error('write'), { code: 'ENOSPC' })));
  t.ok(saysFull(new Error('qemu-img', { cause: new Error('error: No space left on device') })));
  t.notOk(saysFull(Object.assign(new Error('open'), { code: 'ENOENT' })));
  t.notOk(saysFull('No space left on device'));
});
