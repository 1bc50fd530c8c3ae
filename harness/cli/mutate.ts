// `vmmci mutate`: changes a driver in small ways, one after another, and lists the changes that no scenario
// notices.

import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Progress } from '../../images/toolroot/progress.js';
import { HarnessError } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { counted, shorten } from '../base/text.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { findMutants, type Mutant } from '../mutation/mutants.js';
import { hashObjects } from '../mutation/object-code.js';
import { orderScenarios } from '../mutation/order.js';
import { MutationRecord } from '../mutation/record.js';
import { drawSample } from '../mutation/sample.js';
import { killedShare, mutationSummary, resultLine } from '../mutation/summary.js';
import { reaching } from '../mutation/usable.js';
import { buildChanged, readSources, treeOf } from '../run/changed-driver.js';
import type { Choice } from '../run/choice.js';
import { type Environment, levelFor, openEnvironment, readChosenDriver } from '../run/environment.js';
import { inSlots } from '../run/in-slots.js';
import { buildInstrumented } from '../run/instrumented.js';
import type { ScenarioFile } from '../run/scenario-file.js';
import { filesFor, scenarioFiles, scenarioFilesWith } from '../run/scenario-files.js';
import { abortOnSignals, unlessAborted } from '../run/signals.js';
import { defineCommand } from './define-command.js';
import { count, flag, list, type Values, value } from './option.js';
import { prepareMutation } from './prepare-mutation.js';
import { note, print } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceOf, jobs, runOptions } from './run-options.js';
import { tryMutant } from './try-mutant.js';

const options = {
  ...runOptions,
  jobs,
  seed: value('N', 'draw another sample', { read: count(999_999_999), fallback: '1' }),
  count: value('N', 'try N mutants', { read: count(99_999), fallback: '150' }),
  only: list('WORD', 'only mutants with WORD in file:line:column, operator and change'),
  results: value('FILE', 'add the results to FILE; mutants that it already has are not tried again', {
    read: (path) => resolve(path),
    shown: 'mutants.json in the run directory',
  }),
  threshold: value('PERCENT', 'exit with status 0 if at least this share of the mutants was killed', {
    read: count(100),
    fallback: '100',
  }),
  again: flag('try survivors in the results again'),
  slow: flag('also run the slow scenarios'),
};

const draw = async (
  sources: ReadonlyMap<string, string>,
  { only, seed, count }: Pick<Values<typeof options>, 'only' | 'seed' | 'count'>,
): Promise<Mutant[]> => {
  const all = await findMutants(sources);
  const wanted = all.filter(({ id }) => only.length === 0 || only.some((word) => id.includes(word)));
  if (wanted.length === 0)
    throw new HarnessError('UNKNOWN_NAME', {
      kind: 'mutant',
      name: only.join(' '),
      valid: 'a part of FILE:LINE:COLUMN OPERATOR CHANGE, such as driver.c:120',
    });
  return drawSample(wanted, seed, count);
};

/** The scenario files that may be run: those with these names, or all. */
const chooseFiles = async (
  { scenarios }: Choice,
  slow: boolean,
  words: readonly string[],
): Promise<readonly ScenarioFile[]> => {
  const all = [...(await scenarioFilesWith(scenarios)), ...(slow ? await scenarioFiles('slow') : [])];
  if (words.length === 0) return all;
  const chosen = new Set(filesFor(all, words));
  return all.filter(({ path }) => chosen.has(path));
};

interface Trial {
  readonly choice: Choice;
  readonly sources: ReadonlyMap<string, string>;
  readonly files: readonly ScenarioFile[];
  readonly record: MutationRecord;
  /** The number of mutants that are tried at the same time. */
  readonly jobs: number;
  /** For builds, and for the files of scenarios. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Tries the mutants and records each result. False if no scenario passes on the unchanged driver. */
const tryMutants = async (
  environment: Environment,
  trial: Trial,
  mutants: readonly Mutant[],
  of: number,
): Promise<boolean> => {
  const { choice, sources, files, record, jobs, directory, signal, progress } = trial;
  const options = { signal, env: { TMPDIR: directory } };
  const build = () => buildInstrumented(environment, sources, join(directory, 'instrumented'), signal);
  const runOptions = { ...options, workers: jobs };
  const { bad, ...prepared } = await prepareMutation(files, record.run, build, choice, runOptions, progress);
  for (const { scenario, verdict } of bad)
    progress(`not used: on the unchanged driver, ${scenario} ${verdict}`);
  if (Object.keys(prepared.usable).length === 0) return false;
  await record.addPrepared(prepared);
  const first = join(directory, 'unchanged');
  await buildChanged(environment, sources, join(first, 'driver'), first, signal);
  const context = { environment, sources, objects: await hashObjects(treeOf(first)), options };
  progress(`trying ${mutants.length} of ${counted(of, 'mutant')}`);
  await inSlots(mutants, jobs, directory, async (mutant, slot) => {
    const names = reaching(mutant, prepared.usable, prepared.lines);
    const order = orderScenarios(names, mutant, record.run.results, prepared.usable);
    const paths = order.flatMap((name) => files.find((file) => file.name === name)?.path ?? []);
    const result = await tryMutant(context, mutant, paths, slot);
    await record.addResult(result);
    progress(shorten(resultLine(result), 160));
  });
  return true;
};

/**
 * Exit status: 0 if enough mutants were killed, otherwise 1; 3 if no scenario passes without a change; 128+n
 * after signal n.
 */
const run = async (values: Values<typeof options>, words: readonly string[]): Promise<number> => {
  const choice = choiceOf(values);
  const sources = await readSources(choice.driver);
  const files = await chooseFiles(choice, values.slow, words);
  const progress = progressLines();
  const hash = createHash('sha256').update(JSON.stringify([...sources].sort()));
  const record = await MutationRecord.open(values.results ?? join(choice.run, 'mutants.json'), {
    sources: hash.digest('hex').slice(0, 20),
    kernel: choice.kernel,
    generation: choice.generation,
    level: levelFor(choice, await readChosenDriver(choice)),
    kernelParameters: choice.kernelParameters ?? '',
  });
  const mutants = await draw(sources, values);
  const { signal, status, release } = abortOnSignals();
  const temporary = temporaryDirectory();
  const drawn = new Set(mutants.map(({ id }) => id));
  const jobs = values.jobs ?? defaultJobs(resources());
  const trial = { choice, sources, files, record, jobs, directory: temporary.path, signal, progress };
  try {
    const environment = await unlessAborted(openEnvironment(choice, { progress }), signal);
    signal.throwIfAborted();
    if (environment === undefined) return 3;
    const known = record.run.results.filter((result) => !(values.again && result.status === 'survived'));
    const done = new Set(known.map(({ id }) => id));
    const left = mutants.filter(({ id }) => !done.has(id));
    if (left.length > 0 && !(await tryMutants(environment, trial, left, mutants.length))) {
      note('no scenario passes on the unchanged driver, so none can show that a mutant was noticed');
      return 3;
    }
    print(mutationSummary(record.of(drawn), record.path));
    return killedShare(record.of(drawn)) >= values.threshold ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    const results = record.of(drawn);
    note(`${signal.reason.message}${results.length === 0 ? '; no mutant was tried' : ''}`);
    if (results.length > 0) print(mutationSummary(results, record.path));
    return status() ?? 1;
  } finally {
    release();
    temporary.remove();
  }
};

export const command = defineCommand({
  operands: [
    { syntax: '[SCENARIO...]', help: 'scenarios to run, or patterns of scenario files (default: all)' },
  ],
  options,
  run,
});
