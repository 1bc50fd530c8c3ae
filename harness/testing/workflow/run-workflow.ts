// Runs the jobs of a workflow for tests, in the order of their needs. Each has its own workspace and home
// directory.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataOf, holds, interpolate, type Status, type Surroundings } from './expression.js';
import type { Job, Workflow } from './model.js';
import { runSteps, type StepResult } from './run-steps.js';

export interface WorkflowOptions {
  readonly workflow: Workflow;
  /** The files of a checkout. */
  readonly source: string;
  /** The directory in which workspaces and home directories are created. */
  readonly temporary: string;
  /** The directory that runs share, with caches and artifacts. */
  readonly store: string;
  /**
   * A directory in which the first successful job leaves its packages and compiled files for the following
   * jobs, as on a runner that keeps its workspace.
   */
  readonly kept?: string;
  /** Directories of actions of other repositories, by name. */
  readonly actions?: Readonly<Record<string, string>>;
  readonly runId: string;
  /** Inputs of a workflow that is started by hand. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Environment variables to add to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Selects the jobs to run, by name and by the values of their matrix. Asked without values first, since
   * those may come from a job that was left out.
   */
  readonly only?: (job: string, matrix: Readonly<Record<string, unknown>>) => boolean;
  /** Called when a job has ended. */
  readonly onJob?: (name: string, run: JobRun, seconds: number) => void;
}

export interface JobRun {
  readonly matrix: Readonly<Record<string, unknown>>;
  readonly status: Status | 'skipped';
  readonly steps: readonly StepResult[];
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Runs by the name of the job; a job with a matrix has several. */
export type WorkflowRun = Readonly<Record<string, readonly JobRun[]>>;

/** Variables of this process that a runner does not have. */
const isOwn = (name: string): boolean =>
  /^(GITHUB_|TAP_|TAP$|XDG_|VMMCI_(?!MIRROR|SECURITY_MIRROR)|HOME$|npm_)/.test(name);

const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || (isOwn(name) && name !== 'npm_config_registry') ? [] : [[name, value]],
    ),
  );

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** All combinations of the matrix of a job: one axis, or a list from an expression. */
const combinations = ({ strategy }: Job, surroundings: Surroundings): Record<string, unknown>[] => {
  if (strategy === undefined) return [{}];
  const [[key, values] = ['', []], ...more] = Object.entries(strategy.matrix);
  if (more.length > 0) throw new Error('a matrix of several axes is not known here');
  const list = typeof values === 'string' ? dataOf(values, surroundings) : values;
  if (!Array.isArray(list)) throw new Error(`matrix.${key} is no list`);
  return list.map((value) => (key === 'include' && isObject(value) ? value : { [key]: value }));
};

const runJob = async (
  job: Job,
  surroundings: Surroundings,
  matrix: Record<string, unknown>,
  { workflow, source, temporary, store, kept, actions = {}, env = {} }: WorkflowOptions,
): Promise<JobRun> => {
  const directory = mkdtempSync(join(temporary, 'job-'));
  const [workspace, home] = ['workspace', 'home'].map((name) => join(directory, name)) as [string, string];
  for (const path of [workspace, home]) mkdirSync(path);
  const context = { ...surroundings.context, matrix };
  const within = { ...surroundings, context, workspace };
  const common = Object.fromEntries(
    Object.entries({ ...workflow.env, ...job.env }).map(([name, value]) => [
      name,
      interpolate(value, within),
    ]),
  );
  const steps: StepResult[] = [];
  const { status, outputs, summary, after } = await runSteps({
    steps: job.steps,
    directories: { source, workspace, home, store, kept, actions },
    context,
    env: { ...inherited(), ...env, HOME: home, CI: 'true', GITHUB_WORKSPACE: workspace, ...common },
    onStep: (result) => steps.push(result),
  });
  if (status === 'success') for (const work of after) await work();
  const byId = Object.fromEntries(Object.entries(outputs).map(([id, values]) => [id, { outputs: values }]));
  const given = Object.entries(job.outputs).map(([name, value]) => [
    name,
    interpolate(value, { ...within, context: { ...context, steps: byId } }),
  ]);
  rmSync(directory, { recursive: true });
  return { matrix, status, steps, summary, outputs: Object.fromEntries(given) };
};

/** Runs all jobs one after another. A failed job fails those that need it, unless they run on failure. */
export const runWorkflow = async (options: WorkflowOptions): Promise<WorkflowRun> => {
  const { workflow, temporary, runId, inputs = {}, only = () => true, onJob = () => {} } = options;
  const runs: Record<string, JobRun[]> = {};
  const waiting = new Map(Object.entries(workflow.jobs));
  while (waiting.size > 0) {
    const [name, job] =
      [...waiting].find(([, { needs }]) => [needs].flat().every((other) => other in runs)) ?? [];
    if (name === undefined || job === undefined) throw new Error('jobs need each other in a circle');
    waiting.delete(name);
    const needed = [job.needs].flat();
    const all = needed.flatMap((other) => runs[other] ?? []);
    const surroundings: Surroundings = {
      context: {
        inputs,
        github: { run_id: runId, run_number: runId, ref: 'refs/heads/main' },
        needs: Object.fromEntries(
          needed.map((other) => [
            other,
            { outputs: Object.assign({}, ...(runs[other] ?? []).map(({ outputs }) => outputs)) },
          ]),
        ),
      },
      status: all.every(({ status }) => status === 'success') ? 'success' : 'failure',
      workspace: temporary,
    };
    runs[name] = [];
    if (!holds(job.if, surroundings)) {
      runs[name].push({ matrix: {}, status: 'skipped', steps: [], summary: '', outputs: {} });
      continue;
    }
    if (!only(name, {})) continue;
    for (const matrix of combinations(job, surroundings)) {
      if (!only(name, matrix)) continue;
      const start = performance.now();
      const run = await runJob(job, { ...surroundings, status: 'success' }, matrix, options);
      onJob(name, run, (performance.now() - start) / 1000);
      runs[name].push(run);
    }
  }
  return runs;
};
