// The symbol file, as the tool root's own readers see it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { symbolFile } from './symbol-file.js';

const root = await ensureToolRoot();

t.test('readelf and gdb find the symbols', async (t) => {
  const directory = t.testdir();
  const path = join(directory, 'kernel.symbols');
  await writeFile(
    path,
    symbolFile([
      { name: '_text', address: 0xffffffff81000000n, kind: 'function' },
      { name: 'do_one', address: 0xffffffff81000100n, kind: 'function' },
      { name: 'data', address: 0xffffffff81a00000n, kind: 'object' },
    ]),
  );
  const binds = [{ path: directory }];
  const { stdout } = await runInToolRoot(root, ['readelf', '-W', '-h', '-S', '-s', path], { binds });
  t.match(stdout, /Machine: +Advanced Micro Devices X86-64/);
  t.match(stdout, /1: ffffffff81000000 +0 FUNC +GLOBAL DEFAULT +1 _text/);
  t.match(stdout, /3: ffffffff81a00000 +0 OBJECT +GLOBAL DEFAULT +1 data/);
  const gdb = await runInToolRoot(
    root,
    ['gdb', '-batch', '-ex', `add-symbol-file ${path} -o 0x1000000`, '-ex', 'info symbol 0xffffffff82000104'],
    { binds },
  );
  t.match(gdb.stdout, /^do_one \+ 4 in section \.text/m);
});
