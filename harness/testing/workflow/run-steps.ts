// Runs the steps of a job for tests, as a runner does.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Context, holds, interpolate, type Status, type Surroundings } from './expression.js';
import { type Action, readAction, type Step } from './model.js';
import { type After, type Directories, standIns } from './stand-ins.js';

export interface StepResult {
  /** The name or the first line of the step. In an action, the name of the action comes first. */
  readonly name: string;
  readonly status: Status | 'skipped';
  /** The text of `run:`, if the step has one. */
  readonly script?: string | undefined;
  /** Standard output and error of the script. */
  readonly output: string;
}

export interface StepsOptions {
  readonly steps: readonly Step[];
  readonly directories: Directories;
  readonly context: Context;
  readonly env: Readonly<Record<string, string>>;
  /** Called with each result. */
  readonly onStep: (result: StepResult) => void;
}

export interface StepsResult {
  readonly status: Status;
  /** Outputs by the id of the step. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The content of GITHUB_STEP_SUMMARY. */
  readonly summary: string;
  /** The work to do after the whole job has succeeded. */
  readonly after: readonly After[];
}

const nameOf = ({ name, uses, run }: Step): string => name ?? uses ?? run?.split('\n', 1)[0] ?? '';

/** `key=value` lines. */
const parseOutputs = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** What one step has done. */
interface Done {
  readonly ok: boolean;
  readonly output: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly after?: readonly After[];
}

const runScript = async (
  script: string,
  step: Step,
  directories: Directories,
  env: Record<string, string>,
): Promise<Done> => {
  const directory = mkdtempSync(join(tmpdir(), 'step-'));
  const [file, outputs, summary] = ['script', 'outputs', 'summary'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, script);
  writeFileSync(outputs, '');
  writeFileSync(summary, '');
  // A step of a workflow that names no shell runs without pipefail.
  const flags = step.shell === undefined ? ['-e'] : ['--noprofile', '--norc', '-eo', 'pipefail'];
  const { exitCode, all } = await execa('bash', [...flags, file], {
    cwd: directories.workspace,
    all: true,
    stdin: 'ignore',
    reject: false,
    env: { ...env, GITHUB_OUTPUT: outputs, GITHUB_STEP_SUMMARY: summary },
    extendEnv: false,
  });
  return {
    ok: exitCode === 0,
    output: all,
    outputs: parseOutputs(readFileSync(outputs, 'utf8')),
    summary: readFileSync(summary, 'utf8'),
  };
};

/** The inputs of an action: the values of `with`, and defaults for the others. */
const inputsOf = ({ inputs }: Action, given: Readonly<Record<string, string>>): Record<string, string> => {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(inputs, name)) throw new Error(`the action has no input '${name}'`);
  return {
    ...Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default])),
    ...given,
  };
};

/** The directory of an action without a stand-in, in the checkout or in another repository. */
const directoryOf = ({ uses }: Step, { workspace, actions }: Directories): string | undefined =>
  uses?.startsWith('./') ? join(workspace, uses) : actions[uses?.split('@')[0] ?? ''];

/** The values with their expressions replaced. */
const interpolateAll = (
  values: Readonly<Record<string, string | number | boolean>>,
  surroundings: Surroundings,
): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, interpolate(value, surroundings)]));

/** The context `steps` of an expression, from outputs by the id of the step. */
const stepsContext = (outputs: StepsResult['outputs']) =>
  Object.fromEntries(Object.entries(outputs).map(([id, values]) => [id, { outputs: values }]));

/** Runs the steps of a composite action. */
const runAction = async (
  step: Step,
  directory: string,
  { directories, context, env, onStep }: StepsOptions,
  surroundings: Surroundings,
): Promise<Done> => {
  const action = readAction(join(directory, 'action.yml'));
  const { status, outputs, summary, after } = await runSteps({
    steps: action.runs.steps,
    directories,
    context: {
      ...context,
      inputs: inputsOf(action, interpolateAll(step.with, surroundings)),
      github: { ...(context.github ?? {}), action_path: directory },
    },
    env: { ...env, GITHUB_ACTION_PATH: directory },
    onStep: (result) => onStep({ ...result, name: `${nameOf(step)}: ${result.name}` }),
  });
  const within: Surroundings = { ...surroundings, context: { steps: stepsContext(outputs) } };
  const given = Object.entries(action.outputs).map(([key, { value }]) => [key, interpolate(value, within)]);
  return { ok: status === 'success', output: '', outputs: Object.fromEntries(given), summary, after };
};

/** Runs what stands in for an action of GitHub. */
const runStandIn = async (
  step: Step,
  directories: Directories,
  surroundings: Surroundings,
): Promise<Done> => {
  const standIn = standIns[step.uses?.split('@')[0] ?? ''];
  if (standIn === undefined) throw new Error(`nothing stands in for ${step.uses}`);
  const last = await standIn(interpolateAll(step.with, surroundings), directories);
  return { ok: true, output: '', outputs: {}, after: last === undefined ? [] : [last] };
};

const runStep = (step: Step, options: StepsOptions, surroundings: Surroundings): Promise<Done> => {
  const { directories, env } = options;
  if (step.run !== undefined)
    return runScript(step.run, step, directories, { ...env, ...interpolateAll(step.env, surroundings) });
  const directory = directoryOf(step, directories);
  return directory === undefined
    ? runStandIn(step, directories, surroundings)
    : runAction(step, directory, options, surroundings);
};

export const runSteps = async (options: StepsOptions): Promise<StepsResult> => {
  const { steps, directories, context, onStep } = options;
  let status: Status = 'success';
  let summary = '';
  const outputs: Record<string, Readonly<Record<string, string>>> = {};
  const after: After[] = [];
  for (const step of steps) {
    const name = nameOf(step);
    const surroundings: Surroundings = {
      context: { ...context, steps: stepsContext(outputs) },
      status,
      workspace: directories.workspace,
    };
    if (!holds(step.if, surroundings)) {
      onStep({ name, status: 'skipped', script: step.run, output: '' });
      continue;
    }
    const done = await runStep(step, options, surroundings);
    summary += done.summary ?? '';
    after.unshift(...(done.after ?? []));
    if (step.id !== undefined) outputs[step.id] = done.outputs;
    if (!done.ok) status = 'failure';
    onStep({ name, status: done.ok ? 'success' : 'failure', script: step.run, output: done.output });
  }
  return { status, outputs, summary, after };
};
