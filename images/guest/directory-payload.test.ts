import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { bytesOf, toLatin1 } from '../../harness/base/byte-path.js';
import { runMarker } from '../../harness/base/run-marker.js';
import { copyDirectory } from './directory-payload.js';
import { newc } from './newc.js';
import { payloadSize } from './payload.js';

t.test('files with their modes, also behind links; no artifacts, no packages', async (t) => {
  const top = t.testdir({
    Kbuild: 'obj-m += a.o\n',
    src: { 'a.c': 'int a;\n', 'try.sh': '#!/bin/sh\n' },
    runs: { one: { [runMarker]: '', 'console.log': 'x' } },
    node_modules: { p: { 'index.js': '' } },
    '.git': { HEAD: '' },
  });
  await chmod(join(top, 'src/try.sh'), 0o755);
  await symlink('src/a.c', join(top, 'link.c'));
  await symlink('nowhere', join(top, 'dangling.c'));
  await symlink('.', join(top, 'loop'));
  const { entries, leftOut } = await copyDirectory(top, 'driver');
  t.strictSame(
    entries.map(({ path, executable, content }) => [path, executable, content.toString()]).sort(),
    [
      ['driver/Kbuild', false, 'obj-m += a.o\n'],
      ['driver/link.c', false, 'int a;\n'],
      ['driver/src/a.c', false, 'int a;\n'],
      ['driver/src/try.sh', true, '#!/bin/sh\n'],
    ],
  );
  t.strictSame(leftOut, []);
});

t.test('names that are not UTF-8 keep their bytes', async (t) => {
  const top = t.testdir({ dür: {} });
  const name = bytesOf(`${toLatin1(`${top}/dür`)}/na\xefve/caf\xe9.c`);
  await mkdir(name.subarray(0, name.lastIndexOf('/')));
  await writeFile(name, 'int a;\n');
  const { entries } = await copyDirectory(top, 'driver');
  t.strictSame(
    entries.map(({ path, content }) => [path, content.toString()]),
    [[`driver/${toLatin1('dür')}/na\xefve/caf\xe9.c`, 'int a;\n']],
  );
  t.ok(newc(entries, 'latin1').includes(Buffer.from('/na\xefve/caf\xe9.c\0', 'latin1')));
});

t.test('the largest files are left out when there is no room for all', async (t) => {
  const top = t.testdir({ small: 'x' });
  await mkdir(join(top, 'big'));
  for (const name of ['a', 'b', 'c']) await writeFile(join(top, 'big', name), Buffer.alloc(6 * 2 ** 20));
  await writeFile(join(top, 'largest'), Buffer.alloc(7 * 2 ** 20));
  const { entries, leftOut } = await copyDirectory(top, 'driver');
  t.strictSame(entries.length, 3);
  t.strictSame(leftOut, ['big/c', 'largest']);
  t.ok(newc(entries).length <= payloadSize);
});
