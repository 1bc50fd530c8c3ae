import t from 'tap';
import { asset } from '../asset.js';
import { overlay } from './inventory.js';

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
