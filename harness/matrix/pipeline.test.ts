import t from 'tap';
import type { ReportCell } from '../report/model.js';
import { cellOf, type FakeStages, fakeStages } from '../testing/fake-stages.js';
import { createHalt, type Halt } from './halt.js';
import { type PipelineResult, runPipeline } from './pipeline.js';
import { unrunCell } from './unrun.js';

interface Choice {
  readonly bail?: boolean;
  readonly jobs?: number;
  readonly halt?: Halt;
  readonly kernels?: readonly string[];
  readonly onCells?: (cells: readonly ReportCell[]) => void;
}

const run = (stages: FakeStages, choice: Choice = {}): Promise<PipelineResult> => {
  const {
    bail = false,
    jobs = 2,
    halt = createHalt(),
    kernels = ['a', 'b', 'c'],
    onCells = () => {},
  } = choice;
  const cells = kernels.flatMap((kernel) => ['x', 'y'].map((file) => cellOf(kernel, file)));
  return runPipeline({ cells, stages, jobs, bail, halt, onStep: () => {}, onCells });
};

const summaries = ({ cells }: PipelineResult): string[] =>
  cells.map(({ kernel, file, verdict }) => `${kernel} ${file} ${verdict}`);

t.test('scenarios run on the first kernel while the last is fetched', async (t) => {
  let arrive = (): void => {};
  const late = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const stages = fakeStages(async (name) => {
    if (name === 'fetch c') await late;
    return undefined;
  });
  const seen: string[] = [];
  const { kernels } = await run(stages, {
    onCells: (cells) => {
      for (const { kernel, file } of cells) seen.push(`${file} on ${kernel}`);
      if (seen.length === 4) arrive();
    },
  });
  t.strictSame(seen.slice(0, 4).sort(), ['x on a', 'x on b', 'y on a', 'y on b']);
  t.match(kernels, [{ name: 'a', release: 'a.1', version: 'a.1-1' }, { name: 'b' }, { name: 'c' }]);
});

t.test('with one job, kernels run one after another even if all are available at once', async (t) => {
  const stages = fakeStages();
  await run(stages, { jobs: 1 });
  t.strictSame(
    stages.begun.filter((name) => !name.startsWith('fetch')),
    ['a', 'b', 'c'].flatMap((name) => [`build ${name}`, `boot ${name}`, `x on ${name}`, `y on ${name}`]),
  );
});

t.test('a cell that throws is broken; the others run and the report is complete', async (t) => {
  const stages = fakeStages((name) => {
    if (name === 'x on b') throw new Error('ENOSPC: no space left on device');
    return undefined;
  });
  const { cells } = await run(stages);
  t.equal(cells.length, 6);
  t.match(
    cells.filter(({ verdict }) => verdict !== 'passed'),
    [
      {
        kernel: 'b',
        file: 'x',
        verdict: 'broken',
        reasons: ['the cell could not be run: ENOSPC: no space left on device'],
      },
    ],
  );
});

t.test('no more cells run in parallel than jobs allow', async (t) => {
  let now = 0;
  let max = 0;
  const stages = fakeStages(async (name) => {
    if (name.startsWith('fetch')) return undefined;
    now += 1;
    max = Math.max(max, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return undefined;
  });
  await run(stages, { jobs: 2 });
  t.equal(max, 2);
});

t.test('a problem with one kernel is reported and does not affect the others', async (t) => {
  const outcomes = {
    'fetch a': { verdict: 'skipped', reason: 'the suite has none' },
    'build b': { verdict: 'failed', reason: 'does not build on b.1: x.c:1: error' },
    'boot c': { verdict: 'broken', reason: 'no greeting' },
    'x on d': { verdict: 'broken', reason: 'QEMU ended' },
  } as const;
  const stages = fakeStages((name) => outcomes[name as keyof typeof outcomes]);
  const result = await run(stages, { kernels: ['a', 'b', 'c', 'd'] });
  t.strictSame(
    summaries(result).slice(0, 6),
    ['a', 'b', 'c'].flatMap((k) => [`${k} x skipped`, `${k} y skipped`]),
  );
  t.strictSame(summaries(result).slice(6), ['d x broken', 'd y passed']);
  const reasons = result.cells.map(({ reasons }) => reasons[0]);
  t.strictSame(reasons.slice(0, 6), [
    ...Array(2).fill('the kernel is unavailable: the suite has none'),
    ...Array(2).fill('the driver does not build on b'),
    ...Array(2).fill('it does not boot: no greeting'),
  ]);
  t.strictSame(
    result.kernels.map(({ steps }) => steps.map(({ verdict }) => verdict)),
    [['skipped'], ['passed', 'failed'], ['passed', 'passed', 'broken'], ['passed', 'passed', 'passed']],
  );
  t.equal(result.kernels[0]?.release, null);
});

t.test('--bail: nothing starts after the first failure, and skipped cells say why', async (t) => {
  const stages = fakeStages((name) => (name === 'x on a' ? { verdict: 'failed', reason: 'no' } : undefined));
  const result = await run(stages, { bail: true, jobs: 1 });
  t.strictSame(summaries(result), [
    'a x failed',
    ...['a y', 'b x', 'b y', 'c x', 'c y'].map((name) => `${name} skipped`),
  ]);
  t.notOk(stages.begun.includes('y on a'));
  t.match(result.cells.at(-1)?.reasons[0], /x on a failed.*--bail/);
});

t.test(
  'a problem with what the cells share is reported as a cell after all cells, in their order',
  async (t) => {
    const stages = fakeStages();
    const seen: number[] = [];
    const close = async (): Promise<ReportCell[]> => {
      t.equal(stages.begun.filter((name) => / on /.test(name)).length, 6);
      return [{ ...unrunCell(cellOf('a', 'y'), 'no end'), scenario: 'y (process)', verdict: 'broken' }];
    };
    const result = await run({ ...stages, close }, { onCells: (cells) => seen.push(cells.length) });
    t.strictSame(summaries(result).slice(0, 4), ['a x passed', 'a y passed', 'a y broken', 'b x passed']);
    t.equal(seen.length, 7);
  },
);

t.test('after an interrupt, every cell is still reported', async (t) => {
  const halt = createHalt();
  const stages = fakeStages((name) => {
    if (name === 'boot b') halt.interrupt('interrupted by SIGINT');
    return undefined;
  });
  const result = await run(stages, { halt, jobs: 1 });
  t.equal(result.cells.length, 6);
  t.strictSame(
    summaries(result).slice(2),
    ['b x', 'b y', 'c x', 'c y'].map((name) => `${name} skipped`),
  );
  t.strictSame(
    new Set(result.cells.slice(2).map(({ reasons }) => reasons[0])),
    new Set(['interrupted by SIGINT']),
  );
  t.ok(halt.kill.aborted);
});
