// The workflows and the action, run here: every script of theirs, in order, with GitHub's own actions replaced by what they do
// to files. On one kernel.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { cacheDirectory } from './base/cache/directory.js';
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

/** Jobs of the night that run whole tiers: each is a test of its own below. */
const tiers = ['node', 'long', 'distro', 'mutation'];

/** Jobs of the night that are not run here: they build a kernel for a quarter of an hour and use it for most of one. */
const debugJobs = ['debug-kernel', 'debug'];

const isNight = (job: string): boolean => !debugJobs.includes(job) && !tiers.includes(job);

/** As if an earlier run had been here: tool root and kernel. */
const seedCaches = async (store: string): Promise<void> => {
  const from = cacheDirectory();
  const save = (path: string, key: string): Promise<void> =>
    copyTree(join(from, path), join(store, 'caches', key, '0'));
  await save('toolroot', `toolroot-${hashFiles(root, ['images/toolroot/*'])}`);
  const table = hashFiles(root, ['images/kernels/table.ts', 'images/kernels/layout.ts']);
  await save(`kernels/${kernel}`, `kernel-${kernel}-${table}-before`);
};

interface Setting {
  readonly temporary: string;
  readonly store: string;
}

const setting = async (test: Pick<typeof t, 'testdir'>): Promise<Setting> => {
  const temporary = test.testdir({ store: {} });
  const store = join(temporary, 'store');
  await seedCaches(store);
  return { temporary, store };
};

/** The part of a tap test that is used. */
interface Judge {
  strictSame(seen: unknown, wanted: unknown, message: string, extra: object): unknown;
}

/** All jobs ended so; what the steps of another one printed is told. */
const endedAs = (
  test: Judge,
  run: WorkflowRun,
  wanted: Readonly<Record<string, JobRun['status'][]>>,
): void => {
  for (const [name, jobs] of Object.entries(run)) {
    const bad = jobs.flatMap(({ steps }) => steps.filter(({ status }) => status === 'failure'));
    test.strictSame(
      jobs.map(({ status }) => status),
      wanted[name] ?? [],
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
  const { temporary, store } = await setting(t);
  const night = { workflow: workflow('nightly.yml'), temporary, store, inputs: selection, only: isNight };
  const first = await runWorkflow({ ...night, source: root, runId: '1' });
  endedAs(t, first, {
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
  endedAs(t, second, {
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

t.test('a part that left no report is missed', { timeout: limitMs }, async (t) => {
  const { temporary, store } = await setting(t);
  const run = await runWorkflow({
    workflow: workflow('nightly.yml'),
    source: root,
    temporary,
    store,
    runId: '1',
    inputs: selection,
    only: (job, { index }) => isNight(job) && (job !== 'matrix' || index === 1),
  });
  endedAs(t, run, { plan: ['success'], matrix: ['success'], report: ['success'], verdict: ['failure'] });
  t.match(run.report?.[0]?.summary, 'no report of shard 2\\/2');
});

/** The workflow that docs/ci.md shows to the author of a driver. */
const driverWorkflow = (): string => {
  const text = readFileSync(join(root, 'docs/ci.md'), 'utf8');
  const [, found] = text.match(/```yaml\n(name: vmmci\n[\s\S]*?)```/) ?? [];
  if (found === undefined) throw new Error('docs/ci.md shows no workflow');
  return found;
};

/** What the author of a driver does first. */
const init = (driver: string): Promise<unknown> =>
  execa('node', [join(root, 'dist/harness/cli/main.js'), 'init', driver]);

/** By scenario, in the report that was kept. */
const verdictsIn = (store: string): Record<string, string> => {
  const text = readFileSync(join(store, 'artifacts/vmmci-report/report.json'), 'utf8');
  const { cells } = JSON.parse(text) as { cells: { scenario: string; verdict: string }[] };
  return Object.fromEntries(cells.map(({ scenario, verdict }) => [scenario, verdict]));
};

t.test(
  'the workflow that init writes, with the package as npm installs it',
  { timeout: limitMs },
  async (t) => {
    const { temporary, store } = await setting(t);
    const source = join(temporary, 'driver');
    cpSync(join(root, 'images/driver'), source, { recursive: true });
    await execa('git', ['-C', source, 'init', '--quiet']);
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
    endedAs(t, run, { test: ['success'] });
    t.strictSame(verdictsIn(store), { identity: 'passed', first: 'passed' });
    t.match(run.test?.[0]?.summary, /^## Kernel matrix: 2 passed, 0 failed/);
  },
);

t.test(
  "the action in a driver's own repository: one that passes, one that fails",
  { timeout: limitMs },
  async (t) => {
    const { temporary, store } = await setting(t);
    const source = join(temporary, 'driver');
    cpSync(join(root, 'images/driver'), source, { recursive: true });
    await execa('git', ['-C', source, 'init', '--quiet']);
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
    endedAs(t, good, { vmmci: ['success'] });
    t.match(good.vmmci?.[0]?.summary, /^## Kernel matrix: \d+ passed, 0 failed/);
    t.match(verdictsIn(store), { first: 'passed' }, 'the scenario of its own');
    t.ok(existsSync(join(store, 'artifacts/vmmci-report/index.html')));
    addBug(source);
    await execa('mv', [join(store, 'artifacts'), join(store, 'artifacts-1')]);
    const bad = await runWorkflow({ ...options, runId: '2' });
    endedAs(t, bad, { vmmci: ['failure'] });
    t.match(bad.vmmci?.[0]?.summary, /[1-9]\d* failed/);
    t.ok(existsSync(join(store, 'artifacts/vmmci-report/index.html')), 'the report is kept all the same');
  },
);

t.test('each push', { timeout: limitMs }, async (t) => {
  const run = await runWorkflow({
    workflow: workflow('ci.yml'),
    source: root,
    runId: '1',
    ...(await setting(t)),
  });
  endedAs(t, run, { test: ['success'] });
});

for (const tier of tiers)
  t.test(`the job ${tier} of a night`, { timeout: limitMs }, async (t) => {
    const run = await runWorkflow({
      workflow: workflow('nightly.yml'),
      source: root,
      runId: '1',
      ...(await setting(t)),
      // One row: there is one Node here.
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
