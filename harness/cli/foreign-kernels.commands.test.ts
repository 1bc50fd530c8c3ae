// Scenarios on kernels in the layouts of other distributions, through the command: copied, built for, booted,
// judged.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { ensureKernel } from '../../images/kernels/ensure.js';
import { defaultKernelName, kernelRow } from '../../images/kernels/table.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { readResults } from '../report/results.js';
import { type LayoutName, makeLayout, removeLayout } from '../testing/foreign-layouts.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(900_000);

const root = await ensureToolRoot();
const kernel = await ensureKernel(kernelRow(defaultKernelName), root);

/**
 * Those that differ most from Debian's: objects beside sources and packed by zstd; packed by gzip; a
 * read-only store.
 */
const layouts: readonly LayoutName[] = ['openSUSE', 'alpine', 'nixOS'];

for (const layout of layouts)
  t.test(layout, async (t) => {
    const top = await makeLayout(layout, kernel, root);
    t.teardown(() => removeLayout(top));
    const cwd = await mkdtemp(join(tmpdir(), 'foreign-'));
    t.teardown(() => rm(cwd, { recursive: true, force: true }));
    const run = join(cwd, 'run');
    const words = [
      main,
      'test',
      '--kernel',
      `dir:${top}`,
      '--keep',
      '--output',
      run,
      'identity',
      'load-unload',
    ];
    const { exitCode, all } = await execa(process.execPath, words, { cwd, all: true, reject: false });
    t.equal(exitCode, 0, all);
    for (const { verdict, kernel: release } of await readResults(run))
      t.strictSame({ verdict, release }, { verdict: 'passed', release: kernel.release });
  });
