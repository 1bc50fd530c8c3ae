// Runs every script of the workflows and of the action, in order and on one kernel. Stand-ins do to files
// what GitHub's own actions do.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { cacheDirectory } from './base/cache/directory.js';
import { readReport } from './report/model.js';
import { hashFiles } from './testing/workflow/expression.js';
import { parseWorkflow, type Workflow } from './testing/workflow/model.js';
import { type JobRun, runWorkflow, type WorkflowRun } from './testing/workflow/run-workflow.js';
import { copyTree } from './testing/workflow/stand-ins.js';

/** Upper bound for each, so that a hang is still detected. */
const limitMs = 3_600_000;

t.setTimeout(limitMs);

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const kernel = '6.12-cloud';

const workflow = (name: string): Workflow =>
  parseWorkflow(readFileSync(join(root, '.github/workflows', name), 'utf8'));

/** Nightly jobs that run whole tiers. Each is a test of its own below. */
const tiers = ['node', 'long', 'distro', 'mutation'];

/**
 * Nightly jobs that are not run here: they build a kernel for a quarter of an hour and use it for most of an
 * hour.
 */
const debugJobs = ['debug-kernel', 'debug'];

const isNightlyJob = (job: string): boolean => !debugJobs.includes(job) && !tiers.includes(job);

/** Stores the tool root and the kernel, as an earlier run would have done. */
const seedCaches = async (store: string): Promise<void> => {
  const from = cacheDirectory();
  const save = (path: string, key: string): Promise<void> =>
    copyTree(join(from, path), join(store, 'caches', key, '0'));
  await save('toolroot', `toolroot-${hashFiles(root, ['images/toolroot/*'])}`);
  const table = hashFiles(root, ['images/kernels/table.ts', 'images/kernels/layout.ts']);
  await save(`kernels/${kernel}`, `kernel-${kernel}-${table}-before`);
};

interface Store {
  readonly temporary: string;
  readonly store: string;
}

const makeStore = async (test: Pick<typeof t, 'testdir'>): Promise<Store> => {
  const temporary = test.testdir({ store: {} });
  const store = join(temporary, 'store');
  await seedCaches(store);
  return { temporary, store };
};

/** The part of a tap test that is used. */
interface Assertions {
  strictSame(seen: unknown, expected: unknown, message: string, extra: object): unknown;
}

/** Asserts how the jobs ended. A failure shows the output of the failed steps. */
const assertStatuses = (
  test: Assertions,
  run: WorkflowRun,
  expected: Readonly<Record<string, JobRun['status'][]>>,
): void => {
  for (const [name, jobs] of Object.entries(run)) {
    const bad = jobs.flatMap(({ steps }) => steps.filter(({ status }) => status === 'failure'));
    test.strictSame(
      jobs.map(({ status }) => status),
      expected[name] ?? [],
      name,
      {
        failed: bad.map(({ name, output }) => `${name}\n${output.split('\n').slice(-30).join('\n')}`),
      },
    );
  }
};

const stepOf = (job: JobRun | undefined, name: string) => job?.steps.find((step) => step.name === name);

const selection = { kernels: kernel, generations: '8.0', scenarios: 'clock*' };

/** A checkout whose driver shows a time that is a second ahead. */
const checkoutWithBug = async (directory: string): Promise<string> => {
  const target = join(directory, 'with-bug');
  mkdirSync(target);
  const { stdout } = await execa('git', [
    '-C',
    root,
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
  ]);
  for (const name of stdout.split('\0').filter((name) => name !== '' && existsSync(join(root, name))))
    cpSync(join(root, name), join(target, name), { verbatimSymlinks: true });
  await execa('git', ['-C', target, 'init', '--quiet']);
  addBug(join(target, 'images/driver'));
  return target;
};

const addBug = (driver: string): void => {
  const file = join(driver, 'vmmci_sysfs.c');
  const text = readFileSync(file, 'utf8');
  const changed = text.replace('sample.seconds, sample', 'sample.seconds + 1, sample');
  if (changed === text) throw new Error(`${file} has no line to change`);
  writeFileSync(file, changed);
};

t.test('two nights: the second one is worse, and its last job says so', { timeout: limitMs }, async (t) => {
  const { temporary, store } = await makeStore(t);
  const night = {
    workflow: workflow('nightly.yml'),
    temporary,
    store,
    inputs: selection,
    only: isNightlyJob,
  };
  const first = await runWorkflow({ ...night, source: root, runId: '1' });
  assertStatuses(t, first, {
    plan: ['success'],
    matrix: ['success', 'success'],
    report: ['success'],
    verdict: ['success'],
  });
  t.match(first.matrix?.[0]?.summary, /^## Kernel matrix: \d+ passed, 0 failed/);
  t.match(first.report?.[0]?.summary, /^### vmd 8\\\.0$/m);
  t.ok(existsSync(join(store, 'artifacts/report/index.html')));
  t.match(first.report?.[0]?.outputs, { status: '0' });

  const source = await checkoutWithBug(temporary);
  await execa('mv', [join(store, 'artifacts'), join(store, 'artifacts-1')]);
  const second = await runWorkflow({ ...night, source, runId: '2' });
  assertStatuses(t, second, {
    plan: ['success'],
    matrix: ['success', 'success'],
    report: ['success'],
    verdict: ['failure'],
  });
  const report = second.report?.[0];
  t.match(report?.outputs, { status: '1' });
  t.match(stepOf(report, 'Compare with the night before')?.output, /^worse:\n {2}6\.12-cloud clock-driver/m);
  t.match(report?.summary, /^## Text for an issue\n\nNewly broken on 6\.12-cloud$/m);
});

t.test('a shard without a report is named', { timeout: limitMs }, async (t) => {
  const { temporary, store } = await makeStore(t);
  const run = await runWorkflow({
    workflow: workflow('nightly.yml'),
    source: root,
    temporary,
    store,
    runId: '1',
    inputs: selection,
    only: (job, { index }) => isNightlyJob(job) && (job !== 'matrix' || index === 1),
  });
  assertStatuses(t, run, {
    plan: ['success'],
    matrix: ['success'],
    report: ['success'],
    verdict: ['failure'],
  });
  t.match(run.report?.[0]?.summary, 'no report of shard 2\\/2');
});

/** The workflow that docs/ci.md shows to the author of a driver. */
const driverWorkflow = (): string => {
  const text = readFileSync(join(root, 'docs/ci.md'), 'utf8');
  const [, found] = text.match(/```yaml\n(name: vmmci\n[\s\S]*?)```/) ?? [];
  if (found === undefined) throw new Error('docs/ci.md shows no workflow');
  return found;
};

/** A repository with a copy of the bundled driver. */
const driverRepository = async (directory: string): Promise<string> => {
  const source = join(directory, 'driver');
  cpSync(join(root, 'images/driver'), source, { recursive: true });
  await execa('git', ['-C', source, 'init', '--quiet']);
  return source;
};

/** Runs `vmmci init`, which the author of a driver does first. */
const init = (driver: string): Promise<unknown> =>
  execa('node', [join(root, 'dist/harness/cli/main.js'), 'init', driver]);

/** The verdicts of the uploaded report, by scenario. */
const verdictsIn = async (store: string): Promise<Record<string, string>> => {
  const { cells } = await readReport(join(store, 'artifacts/vmmci-report'));
  return Object.fromEntries(cells.map(({ scenario, verdict }) => [scenario, verdict]));
};

t.test(
  'the workflow that init writes, with the package as npm installs it',
  { timeout: limitMs },
  async (t) => {
    const { temporary, store } = await makeStore(t);
    const source = await driverRepository(temporary);
    const pack = await execa('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', source], {
      cwd: root,
    });
    const spec = `file:${pack.stdout.trim()}`;
    writeFileSync(
      join(source, 'package.json'),
      JSON.stringify({ devDependencies: { 'vmmci-harness': spec } }),
    );
    await init(source);
    const text = readFileSync(join(source, '.github/workflows/vmmci.yml'), 'utf8');
    const short = text.replace(
      'vmmci matrix',
      `vmmci matrix --kernel ${kernel} --scenario identity --scenario first`,
    );
    const run = await runWorkflow({ workflow: parseWorkflow(short), source, temporary, store, runId: '1' });
    assertStatuses(t, run, { test: ['success'] });
    t.strictSame(await verdictsIn(store), { identity: 'passed', first: 'passed' });
    t.match(run.test?.[0]?.summary, /^## Kernel matrix: 2 passed, 0 failed/);
  },
);

t.test(
  "the action in a driver's own repository passes a correct driver and fails one with a bug",
  { timeout: limitMs },
  async (t) => {
    const { temporary, store } = await makeStore(t);
    const source = await driverRepository(temporary);
    await init(source);
    const options = {
      workflow: parseWorkflow(
        driverWorkflow().replace(
          'driver: .',
          `driver: .\n          kernels: ${kernel}\n          scenarios: clock* identity first`,
        ),
      ),
      source,
      temporary,
      store,
      actions: { 'OWNER/vmmci-harness': root },
    };
    const good = await runWorkflow({ ...options, runId: '1' });
    assertStatuses(t, good, { vmmci: ['success'] });
    t.match(good.vmmci?.[0]?.summary, /^## Kernel matrix: \d+ passed, 0 failed/);
    t.match(await verdictsIn(store), { first: 'passed' }, 'the scenario of the repository');
    t.ok(existsSync(join(store, 'artifacts/vmmci-report/index.html')));
    addBug(source);
    await execa('mv', [join(store, 'artifacts'), join(store, 'artifacts-1')]);
    const bad = await runWorkflow({ ...options, runId: '2' });
    assertStatuses(t, bad, { vmmci: ['failure'] });
    t.match(bad.vmmci?.[0]?.summary, /[1-9]\d* failed/);
    t.ok(
      existsSync(join(store, 'artifacts/vmmci-report/index.html')),
      'a failed run uploads its report, too',
    );
  },
);

t.test('the workflow of each push passes', { timeout: limitMs }, async (t) => {
  const run = await runWorkflow({
    workflow: workflow('ci.yml'),
    source: root,
    runId: '1',
    ...(await makeStore(t)),
  });
  assertStatuses(t, run, { test: ['success'] });
});

for (const tier of tiers)
  t.test(`the job ${tier} of a night`, { timeout: limitMs }, async (t) => {
    const run = await runWorkflow({
      workflow: workflow('nightly.yml'),
      source: root,
      runId: '1',
      ...(await makeStore(t)),
      // Only one row of the job's matrix, because this host has one version of Node.
      inputs: { mutants: '1' },
      only: (job, { node = '20.19' }) => job === tier && node === '20.19',
    });
    t.strictSame(
      run[tier]?.map(({ status }) => status),
      ['success'],
      tier,
    );
    for (const { status, name, output } of run[tier]?.flatMap(({ steps }) => steps) ?? [])
      if (status === 'failure') t.comment(`${name}\n${output.split('\n').slice(-40).join('\n')}`);
  });
