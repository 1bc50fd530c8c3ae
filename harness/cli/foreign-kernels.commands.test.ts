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
import { addKernel, layoutNames, makeLayout, removeLayout } from '../testing/foreign-layouts.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(1_800_000);

const root = await ensureToolRoot();
const kernel = await ensureKernel(kernelRow(defaultKernelName), root);

/** Runs `identity`, which loads the driver. Resolves with the verdict, the release, and the output. */
const boot = async (test: Pick<typeof t, 'teardown'>, name: string) => {
  const directory = await mkdtemp(join(tmpdir(), 'foreign-'));
  test.teardown(() => rm(directory, { recursive: true, force: true }));
  const words = ['test', '--kernel', name, '--keep', '--output', join(directory, 'run'), 'identity'];
  const options = { cwd: directory, all: true, reject: false } as const;
  const { exitCode, all } = await execa(process.execPath, [main, ...words], options);
  const results = await readResults(join(directory, 'run'));
  return { exitCode, all, results: results.map(({ verdict, kernel }) => ({ verdict, kernel })) };
};

for (const layout of layoutNames)
  t.test(`the layout of ${layout}`, async (t) => {
    const top = await makeLayout(layout, kernel, root);
    t.teardown(() => removeLayout(top));
    const { exitCode, all, results } = await boot(t, `dir:${top}`);
    t.equal(exitCode, 0, all);
    t.strictSame(results, [{ verdict: 'passed', kernel: kernel.release }]);
  });

t.test(
  'a root file system with two kernels: the newest, which is said, or the one that is named',
  async (t) => {
    const older = await ensureKernel(kernelRow('6.1-cloud'), root);
    const top = await makeLayout('debian', kernel, root);
    t.teardown(() => removeLayout(top));
    await addKernel(top, older);
    const newest = await boot(t, `dir:${top}`);
    t.strictSame(newest.results, [{ verdict: 'passed', kernel: kernel.release }], newest.all);
    t.match(newest.all, `using ${kernel.release}, the newest release; also found: ${older.release}`);
    const named = await boot(t, `dir:${top}@${older.release}`);
    t.strictSame(named.results, [{ verdict: 'passed', kernel: older.release }], named.all);
  },
);
