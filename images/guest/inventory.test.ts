import t from 'tap';
import { asset } from '../asset.js';
import { overlay } from './inventory.js';
import { parseNeeds } from './libraries.js';

t.test('parses the libraries and the loader that readelf lists', async (t) => {
  const listing = `
Program Headers:
  INTERP         0x000154 0x00000154 0x00000154 0x00013 0x00013 R   0x1
      [Requesting program interpreter: /lib/ld-linux.so.2]

Dynamic section at offset 0x17e88 contains 29 entries:
  Tag        Type                         Name/Value
 0x00000001 (NEEDED)                     Shared library: [libpci.so.3]
 0x00000001 (NEEDED)                     Shared library: [libc.so.6]
 0x0000000c (INIT)                       0x2000
`;
  t.strictSame(parseNeeds(listing), { libraries: ['libpci.so.3', 'libc.so.6'], loader: 'lib/ld-linux.so.2' });
  const none = 'There is no dynamic section in this file.\n';
  t.strictSame(parseNeeds(none), { libraries: [], loader: undefined });
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
