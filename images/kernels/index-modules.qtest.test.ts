// Runs the tool root's depmod on modules that consist of nothing but aliases.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { runInToolRoot } from '../toolroot/run.js';
import { indexModules } from './index-modules.js';

const root = await ensureToolRoot();
const release = '5.10.0-test';

/** Creates a module with an alias; `alias` is the inside of a C string literal. */
const makeModule = async (tree: string, name: string, alias: string): Promise<void> => {
  const directory = join(tree, 'usr/lib/modules', release, 'kernel');
  await mkdir(directory, { recursive: true });
  const source = `const char a[] __attribute__((section(".modinfo"))) = "license=GPL\\0alias=${alias}";\n`;
  await runInToolRoot(root, ['gcc', '-c', '-x', 'c', '-o', join(directory, `${name}.ko`), '-'], {
    binds: [{ path: directory, writable: true }],
    host: { input: source },
  });
};

t.test('a module with an alias that depmod refuses is left out, however modules are packed', async (t) => {
  for (const pack of [['true'], ['xz'], ['zstd', '-q', '--rm']]) {
    const tree = t.testdir();
    await makeModule(tree, 'good', 'platform:good');
    await makeModule(tree, 'bad', 'platform:jsl_rt5682_max98360\\x80\\x01');
    const modules = join(tree, 'usr/lib/modules', release);
    const files = ['good', 'bad'].map((name) => join(modules, 'kernel', `${name}.ko`));
    await runInToolRoot(root, [...pack, ...files], { binds: [{ path: tree, writable: true }] });
    await indexModules(tree, release, root);
    t.strictSame(await readdir(join(modules, 'kernel')), ['good.ko'], pack.join(' '));
    t.match(await readFile(join(modules, 'modules.alias'), 'utf8'), /^alias platform:good good$/m);
  }
});

t.test('any other failure of depmod is reported with its reason', async (t) => {
  const tree = t.testdir();
  await makeModule(tree, 'good', 'platform:good');
  // A file where depmod creates its index.
  await mkdir(join(tree, 'usr/lib/modules', release, 'modules.alias'));
  await writeFile(join(tree, 'usr/lib/modules', release, 'modules.alias/x'), '');
  await t.rejects(indexModules(tree, release, root), {
    code: 'KERNEL_INDEX',
    fields: { release, reason: /modules\.alias/ },
  });
});
