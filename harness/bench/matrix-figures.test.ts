import t from 'tap';
import { sampleCell, sampleKernel, sampleReport } from '../testing/report-sample.js';
import { matrixFigures, percentile90, renderMatrixFigures } from './matrix-figures.js';
import { type MatrixRun, wasWarm } from './matrix-run.js';
import { below, parseStatus } from './processes.js';

const kernels = ['a', 'b', 'c', 'd', 'e'].map((name) => sampleKernel(name));

const run: MatrixRun = {
  report: sampleReport({ kernels, cells: [sampleCell('a', 'x', 'passed')] }),
  wall: 310,
  overheads: [500, 700, 550],
  peaks: { matrix: 80, scenario: 140, qemu: 200 },
};

t.test('each figure is shown beside its goal', async (t) => {
  const figures = matrixFigures(run, { ...run, wall: 700 });
  t.match(figures.slice(0, 4), [
    { value: 310, goal: 300, what: /^5 kernels, 1 scenarios, 2 at once, warm$/ },
    { value: 700, goal: 720, what: /cold$/ },
    { value: 0.55, goal: 0.6 },
    { value: 0.7 },
  ]);
  const text = renderMatrixFigures(figures, run);
  t.match(text, /^\| 5 kernels.* warm +\| +310 s \| +≤ 300 s \| +no \|/m);
  t.match(text, /^\| 5 kernels.* cold +\| +700 s \| +≤ 720 s \| +yes \|/m);
  t.match(text, /^\| peak memory of a guest: QEMU and Node +\| +340 MiB \| +≤ 381 MiB \| +yes \|/m);
  t.match(text, /\n1 passed, 0 failed; tcg/);
  const few = matrixFigures({ ...run, report: sampleReport({ kernels: kernels.slice(0, 2) }) });
  t.equal(few[0]?.goal, undefined, 'the goal is about five');
  t.match(
    renderMatrixFigures(matrixFigures({ ...run, overheads: [] }), run),
    /first command, median +\| +- \|/,
  );
});

t.test('the ninetieth percentile', async (t) => {
  t.equal(percentile90([10, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 9);
  t.equal(percentile90([4]), 4);
  t.ok(Number.isNaN(percentile90([])));
});

t.test('a run is warm if every step was cached', async (t) => {
  t.equal(wasWarm(run), false);
  const cached = kernels.map((kernel) => ({
    ...kernel,
    steps: kernel.steps.map((step) => ({ ...step, cached: true })),
  }));
  t.equal(wasWarm({ ...run, report: sampleReport({ kernels: cached }) }), true);
});

t.test('descendants are found in any order', async (t) => {
  const facts = (pid: number, parent: number) => ({ pid, parent, program: 'x', peakMiB: 1 });
  const all = [facts(9, 8), facts(8, 5), facts(5, 1), facts(6, 1), facts(7, 5)];
  t.strictSame(
    below(all, 5).map(({ pid }) => pid),
    [9, 8, 7],
  );
  t.strictSame(parseStatus(3, 'Name:\tqemu-system-x86\nUmask:\t0022\nPPid:\t2\nVmHWM:\t  204800 kB\n'), {
    pid: 3,
    program: 'qemu-system-x86',
    parent: 2,
    peakMiB: 200,
  });
  t.equal(parseStatus(3, 'Name:\tzombie\nPPid:\t2\n'), undefined);
});
