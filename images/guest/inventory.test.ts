import t from 'tap';
import { asset } from '../asset.js';
import { overlay, parseLibraries } from './inventory.js';

t.test('parses the libraries that ldd lists, and the loader', async (t) => {
  const listing = `\tlinux-vdso.so.1 (0x00007f13e264c000)
\tlibpci.so.3 => /lib/x86_64-linux-gnu/libpci.so.3 (0x00007f13e2610000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f13e2400000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f13e264c000)
`;
  t.strictSame(parseLibraries(listing), [
    'lib/x86_64-linux-gnu/libpci.so.3',
    'lib/x86_64-linux-gnu/libc.so.6',
    'lib64/ld-linux-x86-64.so.2',
  ]);
});

t.test('files outside etc are executable, files in etc are not', async (t) => {
  const found = [...(await overlay()), ...(await overlay(asset('distro', 'root')))].flatMap((entry) =>
    entry.type === 'file' ? [[entry.path, entry.executable, entry.content.toString('utf8', 0, 9)]] : [],
  );
  for (const path of ['init', 'sbin/mount-data']) {
    t.strictSame(
      found.find(([name]) => name === path),
      [path, true, '#!/bin/sh'],
    );
  }
  t.match(
    found.find(([name]) => name === 'etc/hostname'),
    ['etc/hostname', false],
  );
});
