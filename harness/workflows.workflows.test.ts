// Runs every script of the workflows and of the action, in order and on one kernel. Stand-ins do to files
// what GitHub's own actions do. The inputs of a manual start choose few scenarios and test files.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { cacheDirectory } from './base/cache/directory.js';
import { readReport } from './report/model.js';
import { hashFiles } from './testing/workflow/expression.js';
import { parseWorkflow, readAction, type Workflow } from './testing/workflow/model.js';
import {
  type JobRun,
  runWorkflow,
  type WorkflowOptions,
  type WorkflowRun,
} from './testing/workflow/run-workflow.js';
import { copyCheckout, copyTree } from './testing/workflow/stand-ins.js';

/** Upper bounds, so that a hang is still detected: of a test, and of the file. */
const limitMs = 3_600_000;
t.setTimeout(10 * limitMs);

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const kernel = '6.12-cloud';

const workflow = (name: string): Workflow =>
  parseWorkflow(readFileSync(join(root, '.github/workflows', name), 'utf8'));

/** The jobs that plan, run, merge and judge the matrix. The others are tests of their own below. */
const isMatrixJob = (job: string): boolean => ['plan', 'matrix', 'report', 'verdict'].includes(job);

/** The key of the action's cache without the week, from its own script. `file` is for the output. */
const actionKey = async (file: string): Promise<string> => {
  const { steps } = readAction(join(root, 'action.yml')).runs;
  const script = steps.find(({ id }) => id === 'names')?.run ?? '';
  await execa('bash', ['-ec', script], { env: { ACTION: root, GITHUB_OUTPUT: file } });
  return `vmmci-${/^recipe=(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]}`;
};

/** Stores what earlier runs would have cached, as far as this host has it. */
const seedCaches = async (store: string): Promise<void> => {
  const from = cacheDirectory();
  // The action and the workflow that init writes cache both as one.
  const both = join(store, 'caches', `${await actionKey(join(store, 'key'))}-before`);
  await copyTree(join(from, 'toolroot'), join(both, '0'));
  await copyTree(join(from, 'kernels', kernel), join(both, '1', kernel));
  const save = async (path: string, name: string, files: readonly string[], end = ''): Promise<void> => {
    if (!existsSync(join(from, path))) return;
    await copyTree(join(from, path), join(store, 'caches', `${name}-${hashFiles(root, files)}${end}`, '0'));
  };
  const layout = 'images/kernels/layout.ts';
  await save('toolroot', 'toolroot', ['images/toolroot/*']);
  await save(`kernels/${kernel}`, `kernel-${kernel}`, ['images/kernels/table.ts', layout], '-before');
  await save('kernels/6.12-debug', 'kernel-6.12-debug', ['images/kernels/debug/*', layout]);
  await save('browser', 'browser', ['images/browser/*', 'images/packages/*']);
  await save('distro/trees', 'distro', ['images/distro/*', 'images/packages/*']);
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

/** The scripts that were run. The last test compares them with those of the files. */
const ran = new Set<string>();

/** Packages and compiled files, which only the first job of this checkout makes. */
const kept = join(t.testdir({}), 'kept');

/** Runs jobs, prints a line for each, and records their scripts. */
const runJobs = (options: Omit<WorkflowOptions, 'onJob'>): Promise<WorkflowRun> =>
  runWorkflow({
    ...options,
    onJob: (name, { matrix, status, steps }, seconds) => {
      const row = Object.values(matrix).join(' ');
      process.stderr.write(`job ${[name, row].join(' ').trim()}: ${status}, ${seconds.toFixed(0)} s\n`);
      for (const { status, script } of steps)
        if (status !== 'skipped' && script !== undefined) ran.add(script);
    },
  });

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

/** Two files of scenarios, one for each part. */
const selection = { kernels: kernel, generations: '8.0', scenarios: '*k-driver' };

/** A checkout whose driver shows a time that is a second ahead. */
const checkoutWithBug = async (directory: string): Promise<string> => {
  const target = join(directory, 'with-bug');
  await copyCheckout(root, target);
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

/** A copy of the artifacts and caches. */
const copyStore = async (from: string, to: string): Promise<string> => {
  await copyTree(from, to);
  return to;
};

t.test(
  'nights: the first passes, a part is missing, the last is worse and says so',
  { timeout: limitMs },
  async (t) => {
    const { temporary, store } = await makeStore(t);
    const night = {
      workflow: workflow('nightly.yml'),
      temporary,
      store,
      inputs: selection,
      kept,
      only: isMatrixJob,
    };
    const first = await runJobs({ ...night, source: root, runId: '1' });
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

    const incomplete = await copyStore(store, join(temporary, 'incomplete'));
    rmSync(join(incomplete, 'artifacts', `part-${kernel}-2`), { recursive: true });
    rmSync(join(incomplete, 'artifacts/report'), { recursive: true });
    const missing = await runJobs({
      ...night,
      store: incomplete,
      source: root,
      runId: '1',
      only: (job) => ['report', 'verdict'].includes(job),
    });
    assertStatuses(t, missing, { report: ['success'], verdict: ['failure'] });
    t.match(missing.report?.[0]?.summary, 'no report of shard 2\\/2');

    const source = await checkoutWithBug(temporary);
    await execa('mv', [join(store, 'artifacts'), join(store, 'artifacts-1')]);
    const second = await runJobs({ ...night, source, runId: '2' });
    assertStatuses(t, second, {
      plan: ['success'],
      matrix: ['success', 'success'],
      report: ['success'],
      verdict: ['failure'],
    });
    const report = second.report?.[0];
    t.match(report?.outputs, { status: '1' });
    t.match(
      stepOf(report, 'Compare with the night before')?.output,
      /^worse:\n {2}6\.12-cloud clock-driver/m,
    );
    t.match(report?.summary, /^## Text for an issue\n\nNewly broken on 6\.12-cloud$/m);
  },
);

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
    const run = await runJobs({ workflow: parseWorkflow(short), source, temporary, store, runId: '1' });
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
          `driver: .\n          kernels: ${kernel}\n          scenarios: clock-driver first`,
        ),
      ),
      source,
      temporary,
      store,
      actions: { 'OWNER/vmmci-harness': root },
    };
    const good = await runJobs({ ...options, runId: '1' });
    assertStatuses(t, good, { vmmci: ['success'] });
    t.match(good.vmmci?.[0]?.summary, /^## Kernel matrix: \d+ passed, 0 failed/);
    t.match(await verdictsIn(store), { first: 'passed' }, 'the scenario of the repository');
    t.ok(existsSync(join(store, 'artifacts/vmmci-report/index.html')));
    addBug(source);
    await execa('mv', [join(store, 'artifacts'), join(store, 'artifacts-1')]);
    const bad = await runJobs({ ...options, runId: '2' });
    assertStatuses(t, bad, { vmmci: ['failure'] });
    t.match(bad.vmmci?.[0]?.summary, /[1-9]\d* failed/);
    t.ok(
      existsSync(join(store, 'artifacts/vmmci-report/index.html')),
      'a failed run uploads its report, too',
    );
  },
);

/** Runs jobs of a workflow that all have to succeed. */
const runTier = async (
  t: Assertions & Parameters<typeof makeStore>[0],
  name: string,
  options: Pick<WorkflowOptions, 'inputs' | 'only' | 'kept'>,
  expected: readonly string[],
): Promise<void> => {
  const common = { workflow: workflow(name), source: root, runId: '1' };
  const run = await runJobs({ ...common, ...(await makeStore(t)), ...options });
  assertStatuses(t, run, Object.fromEntries(expected.map((job) => [job, ['success']])));
};

/** A test file of each tier of `npm test`. */
const quickTests = 'base/text,html.chromium,symbol-file,scenarios/identity';

// In a fresh workspace, since its command sets up what is missing.
t.test('the workflow of each push', { timeout: limitMs }, (t) =>
  runTier(t, 'ci.yml', { inputs: { tests: quickTests } }, ['test']),
);

/** Words that choose a test file for each command of a job. */
const tierTests = {
  node: quickTests,
  long: 'vfio-user/fuzz,slow/slow-device,scenario/public',
  distro: 'distro/autoload',
} as const;

for (const [job, tests] of Object.entries(tierTests))
  t.test(`the job ${job} of a night`, { timeout: limitMs }, (t) =>
    runTier(
      t,
      'nightly.yml',
      // Only one row of the job's matrix, because this host has one version of Node.
      { kept, inputs: { tests }, only: (name, { node = '20.19' }) => name === job && node === '20.19' },
      [job],
    ),
  );

t.test('the jobs of a night on the debug kernel', { timeout: limitMs }, (t) =>
  runTier(
    t,
    'nightly.yml',
    {
      kept,
      inputs: { scenarios: 'identity', seeded: '193-' },
      only: (name) => ['debug-kernel', 'debug'].includes(name),
    },
    ['debug-kernel', 'debug'],
  ),
);

t.test('the job mutation of a night', { timeout: limitMs }, async (t) => {
  const { temporary, store } = await makeStore(t);
  const run = await runJobs({
    workflow: workflow('nightly.yml'),
    source: root,
    temporary,
    store,
    kept,
    runId: '1',
    inputs: { scenarios: 'clock-driver', mutants: '1' },
    only: (name) => name === 'mutation',
  });
  const job = run.mutation?.[0];
  const results = join(store, 'artifacts/mutation/mutation/mutants.json');
  t.ok(existsSync(join(store, 'artifacts/mutation/coverage/coverage.html')));
  const { results: tried } = JSON.parse(readFileSync(results, 'utf8'));
  t.equal(tried.length, 1, 'mutants');
  // The sample decides whether the only mutant is killed, and so whether the job fails.
  const expected = tried[0].status === 'killed' ? 'success' : 'failure';
  t.match(stepOf(job, 'Measure which lines the scenarios reach'), { status: 'success' }, 'coverage');
  t.match(
    stepOf(job, 'Try mutants of the driver'),
    { status: expected },
    `the mutant was ${tried[0].status}`,
  );
});

/** The scripts of all workflows and actions of this repository. */
const scripts = (): string[] =>
  [
    ...['ci.yml', 'nightly.yml'].flatMap((name) => Object.values(workflow(name).jobs)),
    ...['action.yml', '.github/actions/set-up/action.yml'].map((name) => readAction(join(root, name)).runs),
  ].flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

t.test('every script of the workflows and of the action was run', async (t) => {
  t.strictSame(
    scripts().filter((script) => !ran.has(script)),
    [],
    'scripts that were not run',
  );
});
