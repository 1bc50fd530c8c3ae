import t from 'tap';
import { inodeCommands, parsePermissions } from './inodes.js';

t.test('parses permissions', async (t) => {
  for (const [text, mode] of [
    ['rwxr-xr-x', 0o755],
    ['rwsr-xr--', 0o4754],
    ['rwSr--r--', 0o4644],
    ['rwxrwsr-x', 0o2775],
    ['rwxrwxrwt', 0o1777],
    ['--------T', 0o1000],
  ] as const)
    t.equal(parsePermissions(text), mode, text);
});

t.test('sets only files with other owners or special permissions, sorted by path', async (t) => {
  const listing = [
    'drwxr-xr-x 0/0               0 2025-08-09 00:00 ./',
    'drwxrwsr-x 0/8               0 2025-08-09 00:00 ./var/mail/',
    '-rwxr-xr-x 0/0           12345 2025-08-09 00:00 ./usr/bin/plain',
    '-rwsr-xr-x 0/0           72072 2025-08-09 00:00 ./usr/bin/a mount',
    '---------- 0/0             500 2025-08-09 00:00 ./etc/shadow',
    '-r--r--r-- 0/0             500 2025-08-09 00:00 ./etc/readable',
    'lrwxrwxrwx 5/5               0 2025-08-09 00:00 ./bin -> usr/bin',
    'crw-rw-rw- 0/0             1,3 2025-08-09 00:00 ./dev/null',
  ];
  t.strictSame(inodeCommands(listing), [
    'set_inode_field "/etc/shadow" mode 0100000',
    'set_inode_field "/etc/shadow" uid 0',
    'set_inode_field "/etc/shadow" gid 0',
    'set_inode_field "/usr/bin/a mount" mode 0104755',
    'set_inode_field "/usr/bin/a mount" uid 0',
    'set_inode_field "/usr/bin/a mount" gid 0',
    'set_inode_field "/var/mail" mode 042775',
    'set_inode_field "/var/mail" uid 0',
    'set_inode_field "/var/mail" gid 8',
  ]);
  const line = (path: string) => `-rwsr-xr-x 0/0 1 2025-08-09 00:00 ./${path}`;
  for (const bad of ['tar: ./x: cannot', line('a"b'), ''])
    t.throws(() => inodeCommands([bad]), { code: 'GUEST_BUILD' }, bad);
});
