// The default kernel in the layouts of seven distributions. Each is accepted, and a module is built for it.

import { readFile } from 'node:fs/promises';
import t from 'tap';
import { layoutNames, makeLayout, removeLayout } from '../../harness/testing/foreign-layouts.js';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { adoptKernel } from './adopt.js';
import { moduleClosure } from './closure.js';
import { ensureKernel } from './ensure.js';
import { defaultKernelName, kernelRow } from './table.js';

const minutes = 60_000;
t.setTimeout(30 * minutes);

const root = await ensureToolRoot();
const kernel = await ensureKernel(kernelRow(defaultKernelName), root);

for (const name of layoutNames)
  t.test(name, async (t) => {
    const top = await makeLayout(name, kernel, root);
    t.teardown(() => removeLayout(top));
    const lines: string[] = [];
    const row = kernelRow(`dir:${top}`);
    const adopted = await adoptKernel({ ...row, directory: top }, root, {
      progress: (line) => lines.push(line),
    });
    t.equal(adopted.release, kernel.release);
    const names = ['virtio_blk', 'ext4'];
    t.equal((await moduleClosure(adopted, names)).length, (await moduleClosure(kernel, names)).length);
    t.ok((await readFile(adopted.bootImage)).equals(await readFile(kernel.bootImage)));
    t.match(lines.at(-1), /building a module/, 'the last progress line');
  });
