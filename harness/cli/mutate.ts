// `vmmci mutate`: changes a driver in small ways, one after another, and lists the changes that no scenario
// notices.

import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { counted, shorten } from '../base/text.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { findMutants, type Mutant } from '../mutation/mutants.js';
import { hashObjects } from '../mutation/object-code.js';
import { orderScenarios } from '../mutation/order.js';
import {
  type MutantResult,
  type MutationRun,
  readMutationRun,
  writeMutationRun,
} from '../mutation/result.js';
import { drawSample } from '../mutation/sample.js';
import { killedShare, mutationSummary, resultLine } from '../mutation/summary.js';
import { reaching } from '../mutation/usable.js';
import { buildChanged, readSources, treeOf } from '../run/changed-driver.js';
import { openEnvironment } from '../run/environment.js';
import { inSlots } from '../run/in-slots.js';
import { buildInstrumented } from '../run/instrumented.js';
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
  results: value('FILE', 'the results; mutants that it has already are not tried again', {
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

/**
 * Exit status: 0 if enough mutants were killed, otherwise 1; 3 if no scenario passes without a change; 128+n
 * after signal n.
 */
const run = async (values: Values<typeof options>, words: readonly string[]): Promise<number> => {
  const jobs = values.jobs ?? defaultJobs(resources());
  const choice = choiceOf(values);
  const sources = await readSources(choice.driver);
  const mutants = await draw(sources, values);
  const all = [
    ...(await scenarioFilesWith(choice.scenarios)),
    ...(values.slow ? await scenarioFiles('slow') : []),
  ];
  const chosen = words.length === 0 ? undefined : new Set(filesFor(all, words));
  const files = all.filter(({ path }) => chosen === undefined || chosen.has(path));
  const progress = progressLines();
  const { signal, status, release } = abortOnSignals();
  const temporary = temporaryDirectory();
  const path = values.results ?? join(choice.run, 'mutants.json');
  const hash = createHash('sha256').update(JSON.stringify([...sources].sort()));
  const key = { sources: hash.digest('hex').slice(0, 20), kernel: choice.kernel };
  let record: MutationRun = (await readMutationRun(path, key)) ?? {
    ...key,
    lines: {},
    usable: {},
    results: [],
  };
  const drawn = new Set(mutants.map(({ id }) => id));
  const ours = (): MutantResult[] => record.results.filter(({ id }) => drawn.has(id));
  let saved = Promise.resolve();
  /** One write after another: each writes what is known by then. */
  const save = (): Promise<void> => {
    saved = saved.then(() => writeMutationRun(path, record));
    return saved;
  };
  try {
    const environment = await unlessAborted(openEnvironment(choice, { progress }), signal);
    if (environment === undefined) return status() ?? 3;
    const done = new Set(
      record.results.filter((result) => !(values.again && result.status === 'survived')).map(({ id }) => id),
    );
    const left = mutants.filter(({ id }) => !done.has(id));
    const options = { signal, env: { TMPDIR: temporary.path } };
    if (left.length > 0) {
      const slot = join(temporary.path, 'instrumented');
      const build = () => buildInstrumented(environment, sources, slot, signal);
      const runOptions = { ...options, workers: jobs };
      const { bad, ...prepared } = await prepareMutation(files, record, build, choice, runOptions, progress);
      for (const { scenario, verdict } of bad)
        progress(`not used: on the unchanged driver, ${scenario} ${verdict}`);
      if (Object.keys(prepared.usable).length === 0) {
        note('no scenario passes on the unchanged driver, so none can show that a mutant was noticed');
        return 3;
      }
      record = { ...record, lines: prepared.lines, usable: { ...record.usable, ...prepared.usable } };
      await save();
      const first = join(temporary.path, 'unchanged');
      await buildChanged(environment, sources, join(first, 'driver'), first, signal);
      const context = { environment, sources, objects: await hashObjects(treeOf(first)), options };
      progress(`trying ${left.length} of ${counted(mutants.length, 'mutant')}`);
      await inSlots(left, jobs, temporary.path, async (mutant, slot) => {
        const names = reaching(mutant, prepared.usable, prepared.lines);
        const order = orderScenarios(names, mutant, record.results, prepared.usable);
        const paths = order.flatMap((name) => files.find((file) => file.name === name)?.path ?? []);
        const result = await tryMutant(context, mutant, paths, slot);
        record = { ...record, results: [...record.results.filter(({ id }) => id !== result.id), result] };
        await save();
        progress(shorten(resultLine(result), 160));
      });
    }
    print(mutationSummary(ours(), path));
    return killedShare(ours()) >= values.threshold ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    note(signal.reason.message);
    print(mutationSummary(ours(), path));
    return status() ?? 1;
  } finally {
    release();
    temporary.remove();
  }
};

export const command = defineCommand({
  operands: [{ syntax: '[SCENARIO...]', help: 'the scenarios to run (default: all)' }],
  options,
  run,
});
