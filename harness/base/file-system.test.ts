import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { fileSystemOf, isDiskFull, leastFreeSpace, mountOf } from './file-system.js';

const mountinfo = String.raw`21 1 0:20 / / rw - overlay overlay rw
22 21 0:21 / /proc rw - proc proc rw
23 21 0:22 / /mnt/small\040disk rw - tmpfs tmpfs rw,size=1024k
24 21 0:23 / /mnt rw - ext4 /dev/vda rw
`;

t.test('a file is on the mount point with the longest matching path', async (t) => {
  t.equal(mountOf(mountinfo, '/mnt/small disk/a'), '/mnt/small disk');
  t.equal(mountOf(mountinfo, '/mnt/small disk'), '/mnt/small disk');
  t.equal(mountOf(mountinfo, '/mnt/small disks'), '/mnt');
  t.equal(mountOf(mountinfo, '/home/me'), '/');
});

t.test('a path that does not exist is on the file system of its closest existing directory', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-test-'));
  const there = await fileSystemOf(directory);
  await rm(directory, { recursive: true });
  t.equal((await fileSystemOf(join(directory, 'a', 'b'))).mount, there.mount);
  t.equal((await fileSystemOf('/proc/self')).mount, '/proc');
});

t.test('leastFreeSpace returns the file system with the least free space', async (t) => {
  t.match(await leastFreeSpace({ TMPDIR: '/proc', VMMCI_RUN: '.' }), {
    variable: 'TMPDIR',
    mount: '/proc',
    freeMB: 0,
  });
});

t.test('isDiskFull recognizes an error or a cause that reports a full disk', async (t) => {
  t.ok(isDiskFull(Object.assign(new Error('write'), { code: 'ENOSPC' })));
  t.ok(isDiskFull(new Error('qemu-img', { cause: new Error('error: No space left on device') })));
  t.notOk(isDiskFull(Object.assign(new Error('open'), { code: 'ENOENT' })));
  t.notOk(isDiskFull('No space left on device'));
});
