// Checks the workflows of continuous integration without running them: pins, permissions, and that each
// command that they call exists.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { parse } from 'yaml';
import { messageOf } from './base/thrown.js';
import { commands } from './cli/commands.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const directory = join(root, '.github', 'workflows');

/** The allowed actions, each with its only allowed commit, because a tag can be moved. */
const pins: Readonly<Record<string, readonly [version: string, commit: string]>> = {
  'actions/checkout': ['v5.0.0', '08c6903cd8c0fde910a37f88322edcfb5dd907a8'],
  'actions/setup-node': ['v4.4.0', '49933ea5288caeca8642d1e84afbd3f7d6820020'],
  'actions/cache': ['v4.3.0', '0057852bfaa89a56745cba8c7296529d2fc39830'],
  'actions/upload-artifact': ['v4.6.2', 'ea165f8d65b6e75b540449e92b4886f43607fa02'],
  'actions/download-artifact': ['v5.0.0', '634f93cb2916e3fdff6788551b99b062d0335ce0'],
};

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Action {
  readonly runs?: { readonly steps?: readonly Step[] };
}

interface Job {
  readonly 'runs-on'?: string;
  readonly 'timeout-minutes'?: number;
  readonly permissions?: unknown;
  readonly needs?: string | readonly string[];
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on?: unknown;
  readonly permissions?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs?: Readonly<Record<string, Job>>;
}

/** Each `uses:` with the comment that names its version. A parser would drop the comment. */
const usesLines = (text: string): string[] => text.match(/uses:.*$/gm) ?? [];

/** The problem with a `uses:` that names neither an action of this repository nor an allowed commit. */
const pinProblem = (line: string): string | undefined => {
  const [, own] = /^uses: (\.\/[\w./-]+)$/.exec(line) ?? [];
  if (own !== undefined)
    return existsSync(join(root, own, 'action.yml'))
      ? undefined
      : `${own} is not an action of this repository`;
  const [, name = '', commit, version] = /^uses: ([\w/-]+)@([0-9a-f]{40}) # (v[\d.]+)$/.exec(line) ?? [];
  const pin = pins[name];
  return pin !== undefined && pin[0] === version && pin[1] === commit
    ? undefined
    : `${line} is not an allowed action and commit`;
};

/** All problems in the text of a composite action. */
const actionProblemsOf = (text: string): string[] => {
  const { runs } = parse(text) as Action;
  const problems = usesLines(text).flatMap((line) => pinProblem(line) ?? []);
  for (const { uses = '', run = '', shell } of runs?.steps ?? []) {
    if ((uses === '') === (run === '')) problems.push('a step needs either `uses` or `run`');
    if (run !== '' && shell !== 'bash') problems.push(`a script has no shell: ${run}`);
    if (run.includes('${{')) problems.push(`an expression in a script could inject commands: ${run}`);
  }
  return problems;
};

/** All problems in the text of a workflow. */
const problemsOf = (text: string): string[] => {
  let workflow: Workflow;
  try {
    workflow = parse(text) as Workflow;
  } catch (error) {
    return [`not YAML: ${messageOf(error)}`];
  }
  const problems: string[] = [];
  const need = (holds: boolean, what: string): void => {
    if (!holds) problems.push(what);
  };
  const isReadOnly = JSON.stringify(workflow.permissions) === '{"contents":"read"}';
  need(isReadOnly, 'permissions are not only contents: read');
  need(
    !JSON.stringify(workflow.on ?? null).includes('pull_request_target'),
    'pull_request_target runs code of strangers',
  );
  problems.push(...usesLines(text).flatMap((line) => pinProblem(line) ?? []));
  const jobs = Object.entries(workflow.jobs ?? {});
  need(jobs.length > 0, 'there are no jobs');
  for (const [name, job] of jobs) {
    need(job['runs-on'] === 'ubuntu-24.04', `${name} runs on ${job['runs-on']}`);
    need(typeof job['timeout-minutes'] === 'number', `${name} has no timeout`);
    need(job.permissions === undefined, `${name} has its own permissions`);
    for (const other of [job.needs ?? []].flat())
      need(workflow.jobs?.[other] !== undefined, `${name} needs ${other}, which is not a job`);
    for (const step of job.steps ?? []) {
      const { uses = '', run = '' } = step;
      need((uses === '') !== (run === ''), `${name}: a step needs either \`uses\` or \`run\``);
      need(!run.includes('${{'), `${name}: an expression in a script could inject commands: ${run}`);
      if (uses.startsWith('actions/checkout@'))
        need(step.with?.['persist-credentials'] === false, `${name} leaves credentials in the checkout`);
    }
  }
  for (const [, job, output] of text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
    const steps = jobs.flatMap(([, { steps = [] }]) => steps);
    const step = steps.find(({ id }) => id === job);
    need(step?.run?.includes(`${output}=`) ?? false, `no step ${job} sets ${output}`);
  }
  return problems;
};

const workflows = readdirSync(directory).map((name) => ({
  name,
  text: readFileSync(join(directory, name), 'utf8'),
}));

const actions = ['action.yml', '.github/actions/set-up/action.yml'].map((name) => ({
  name,
  text: readFileSync(join(root, name), 'utf8'),
}));

/** All scripts of a workflow or an action. */
const scriptsIn = (text: string): string[] => {
  const { jobs = {}, runs } = parse(text) as Workflow & Action;
  return [...Object.values(jobs), ...(runs === undefined ? [] : [runs])].flatMap(({ steps = [] }) =>
    steps.flatMap(({ run }) => run ?? []),
  );
};

t.test('the workflows and actions have no problem', async (t) => {
  t.strictSame(workflows.map(({ name }) => name).sort(), ['ci.yml', 'nightly.yml']);
  for (const { name, text } of workflows) t.strictSame(problemsOf(text), [], name);
  for (const { name, text } of actions) t.strictSame(actionProblemsOf(text), [], name);
});

t.test('the rules find each kind of problem', async (t) => {
  const good = workflows.find(({ name }) => name === 'nightly.yml')?.text ?? '';
  const cases: readonly [string | RegExp, string, RegExp][] = [
    ['contents: read', 'contents: write', /permissions/],
    ['permissions:\n  contents: read\n', '', /permissions/],
    ['@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0', '@v5', /not an allowed action/],
    ['# v5.0.0', '# v4.0.0', /not an allowed action/],
    ['actions/cache@', 'actions/cache/save@', /not an allowed action/],
    ['./.github/actions/set-up', './.github/actions/other', /not an action of this repository/],
    ['persist-credentials: false', 'persist-credentials: true', /credentials/],
    ['    timeout-minutes: 10\n', '', /timeout/],
    ['needs: plan', 'needs: plans', /not a job/],
    ['run: npm run', 'run: $\x7b{ matrix.x }} npm run', /expression/],
    ['id: merge', 'id: other', /no step merge/],
    ['jobs:', ' jobs:', /not YAML/],
    ['workflow_dispatch:', 'pull_request_target:', /strangers/],
  ];
  for (const [from, to, expected] of cases) {
    t.ok(good.includes(String(from)), `the text contains ${from}`);
    t.match(problemsOf(good.replace(from, to)).join('\n'), expected, `${from} → ${to}`);
  }
  const action = actions[0]?.text ?? '';
  for (const [from, to, expected] of [
    ['# v4.3.0', '# v4.2.0', /not an allowed action/],
    ['      shell: bash\n', '', /no shell/],
    ['exit "$STATUS"', 'exit "$\x7b{ inputs.x }}"', /expression/],
  ] as const) {
    t.ok(action.includes(from), `the text contains ${from}`);
    t.match(actionProblemsOf(action.replace(from, to)).join('\n'), expected, `${from} → ${to}`);
  }
});

t.test('each command, target, task and file that a script uses exists', async (t) => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const targets = readFileSync(join(root, 'Makefile'), 'utf8');
  let seen = 0;
  for (const { name, text } of [...workflows, ...actions])
    for (const script of scriptsIn(text)) {
      for (const [, command = ''] of script.matchAll(/\$VMMCI (\w+)/g)) {
        seen += 1;
        t.ok(Object.hasOwn(commands, command), `${name}: vmmci ${command}`);
      }
      for (const [, target] of script.matchAll(/^make (\w+)/gm))
        t.ok(targets.includes(`\n${target}:`), `${name}: make ${target}`);
      for (const [, task = ''] of script.matchAll(/npm run ([\w:]+)/g))
        t.ok(Object.hasOwn(manifest.scripts, task), `${name}: npm run ${task}`);
      for (const [path] of script.matchAll(/(?<=^|[ |])(\.github|images)\/[\w./-]+/gm)) {
        const full = join(root, path);
        t.ok(existsSync(full), `${name}: ${path}`);
        if (script.startsWith(path)) t.ok(statSync(full).mode & 0o100, `${path} is executable`);
      }
      t.equal(
        (await execa('bash', ['-n'], { input: script, reject: false })).stderr,
        '',
        `${name}: bash parses it`,
      );
    }
  t.ok(seen >= 4, `${seen} calls`);
});

/** The options of a command, and of all its actions. */
const optionsOf = async (name: string): Promise<string[]> => {
  const command = await commands[name]?.load().then(({ command }) => command);
  if (command === undefined) return [];
  const parts = command.kind === 'group' ? [command, ...Object.values(command.actions)] : [command];
  return parts.flatMap(({ options }) => Object.keys(options));
};

t.test('the commands of the scripts have the given options', async (t) => {
  const given = [...workflows, ...actions].flatMap(({ text }) =>
    scriptsIn(text).flatMap((script) => [...script.matchAll(/\$VMMCI (\w+)([^|>]*)/g)]),
  );
  for (const [, command = '', rest = ''] of given) {
    const known = await optionsOf(command);
    for (const [, option = ''] of rest.matchAll(/ --([\w-]+)/g))
      t.ok(known.includes(option), `vmmci ${command} --${option}`);
  }
});

t.test('the nightly matrix has the given number of parts for each kernel', async (t) => {
  const script = join(root, '.github/parts.mjs');
  const input = 'a 8.0 clock\na 8.0 stop\nb 8.0 clock\n';
  const { stdout } = await execa(process.execPath, [script, '2'], { input });
  t.strictSame(JSON.parse(stdout), [
    { kernel: 'a', index: 1, count: 2 },
    { kernel: 'a', index: 2, count: 2 },
    { kernel: 'b', index: 1, count: 2 },
    { kernel: 'b', index: 2, count: 2 },
  ]);
  t.equal((await execa(process.execPath, [script, '0'], { input, reject: false })).exitCode, 1);
  const nothing = await execa(process.execPath, [script, '2'], { input: '', reject: false });
  t.match(nothing, { exitCode: 1, stderr: /no cells/ }, 'an empty list is an error');
});
