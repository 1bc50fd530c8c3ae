// `vmmci seeded`: the proof that the suite can fail. Each known bug is put into the driver, and a scenario must catch it.

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asset } from '../../images/asset.js';
import { buildInTree } from '../../images/kernels/build.js';
import { listSources } from '../../images/kernels/module-sources.js';
import { HarnessError, hasCode } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { firstLine } from '../base/text.js';
import { descriptionFile } from '../driver/description.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { readResults } from '../report/results.js';
import { columns } from '../report/table.js';
import { type Environment, openEnvironment, variables } from '../run/environment.js';
import { runFiles } from '../run/run-files.js';
import { filesFor, type ScenarioFile, scenarioFiles } from '../run/scenario-files.js';
import { applyBug, readBugs, type SeededBug } from '../run/seeded-bug.js';
import { type Fate, judge, type Outcome } from '../run/seeded-outcome.js';
import { defineCommand } from './define-command.js';
import { interrupted } from './interrupted.js';
import type { Values } from './option.js';
import { progressLines } from './progress-lines.js';
import { applyRunOptions, jobs, runOptions } from './run-options.js';

const { driver: _, 'driver-description': __, ...common } = runOptions;

const options = { ...common, jobs };

/** What nearly every bug of some weight shows in. Asked only when the scenario that a bug names has seen nothing. */
const smoke = ['clock-driver', 'sync-rtc', 'stop'];

const marks: Readonly<Record<Fate, string>> = {
  caught: 'caught',
  elsewhere: 'NOT CAUGHT, but elsewhere',
  survived: 'SURVIVED',
  broken: 'BROKEN',
};

/** Bytes of a check's line in the table. */
const wide = 110;

const readSources = async (directory: string): Promise<Map<string, string>> => {
  const files = await listSources(directory);
  const texts = files.map(async (file) => [file, await readFile(join(directory, file), 'utf8')] as const);
  return new Map(await Promise.all(texts));
};

interface Bench {
  readonly environment: Environment;
  readonly files: readonly ScenarioFile[];
  /** Temporary, with a directory for each that works. */
  readonly place: string;
  /** Of the run's artifacts. */
  readonly run: string;
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/** Runs scenarios with the modules in `modules`, and resolves with what came of them. */
const witnesses = async (
  { files, place, signal }: Bench,
  names: readonly string[],
  run: string,
  env: Readonly<Record<string, string>>,
  workers: number,
) => {
  const all = { ...env, [variables.run]: run, TMPDIR: place };
  await runFiles(filesFor(files, names), { workers, env: all, signal });
  return readResults(run);
};

/** Builds the driver with the bug in it in `slot`, and shows it to its scenarios. */
const tryBug = async (
  bench: Bench,
  bug: SeededBug,
  sources: ReadonlyMap<string, string>,
  slot: string,
  unusable: ReadonlyMap<string, string>,
): Promise<Outcome> => {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const broken = (line: string): Outcome => ({
    bug: bug.name,
    fate: 'broken',
    by: '',
    line,
    seconds: seconds(),
  });
  const missing = bug.caughtBy.find((name) => bench.files.every(({ declares }) => !declares(name)));
  if (missing !== undefined) return broken(`there is no scenario ${missing}`);
  const useless = bug.caughtBy.find((name) => unusable.has(name));
  if (useless !== undefined) return broken(`without the bug, ${useless} ${unusable.get(useless)}`);
  const { kernel, root } = bench.environment;
  const run = join(bench.run, bug.name);
  // Among the artifacts: who wants to know why a bug was not caught needs the driver that has it.
  const driver = join(run, 'driver');
  for (const [path, text] of sources) {
    await mkdir(dirname(join(driver, path)), { recursive: true });
    await writeFile(join(driver, path), text);
  }
  await cp(asset('driver', descriptionFile), join(driver, descriptionFile));
  let modules: string;
  try {
    modules = (await buildInTree(kernel, root, driver, join(slot, 'tree'))).directory;
  } catch (error) {
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    return broken(error.message);
  }
  const env = { [variables.driver]: driver, [variables.modules]: modules };
  let outcome = judge(bug, await witnesses(bench, bug.caughtBy, run, env, 1), seconds());
  if (outcome.fate === 'survived') {
    const more = smoke.filter((name) => !bug.caughtBy.includes(name) && !unusable.has(name));
    outcome = judge(bug, await witnesses(bench, more, run, env, 1), seconds());
  }
  if (outcome.fate === 'caught' && !bench.keep) await rm(run, { recursive: true, force: true });
  return outcome;
};

/** Why scenarios do not pass without any bug: what they say of one proves nothing. By name of the scenario. */
const tryUnpatched = async (
  bench: Bench,
  names: readonly string[],
  jobs: number,
): Promise<Map<string, string>> => {
  const results = await witnesses(bench, names, join(bench.run, 'unpatched'), {}, jobs);
  const bad = results
    .filter(({ verdict }) => verdict !== 'passed')
    .map(({ scenario, verdict, reasons }) => [scenario, `${verdict}: ${firstLine(reasons[0])}`] as const);
  const missing = names.filter((name) => results.every(({ scenario }) => scenario !== name));
  return new Map([...bad, ...missing.map((name) => [name, 'left no result'] as const)]);
};

const row = ({ bug, fate, by, line, seconds }: Outcome): string[] => [
  bug,
  by === '' ? marks[fate] : `${marks[fate]}${fate === 'caught' ? ' by' : ':'} ${by}`,
  `${seconds.toFixed(1).padStart(5)} s`,
  line.length > wide ? `${line.slice(0, wide - 1)}…` : line,
];

/** The exit status: 0 when every bug was caught by the scenario that it names, else 1. */
const run = async (values: Values<typeof options>, words: readonly string[]): Promise<number> => {
  const jobs = values.jobs ?? defaultJobs(resources());
  const sources = await readSources(asset('driver'));
  const bugs = (await readBugs(asset('driver', 'seeded-bugs')))
    .filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
    .map((bug) => ({ bug, patched: applyBug(bug, sources) }));
  if (bugs.length === 0) {
    const valid = 'a part of the name of a file in images/driver/seeded-bugs';
    throw new HarnessError('UNKNOWN_NAME', { kind: 'seeded bug', name: words.join(' '), valid });
  }
  const files = await scenarioFiles();
  const exists = (name: string): boolean => files.some(({ declares }) => declares(name));
  const named = [...new Set([...bugs.flatMap(({ bug }) => bug.caughtBy), ...smoke])].filter(exists).sort();

  const progress = progressLines();
  const directory = await applyRunOptions(values);
  const environment = await openEnvironment(progress);
  const place = temporaryDirectory().path;
  const { signal, done } = interrupted();
  const bench: Bench = {
    environment,
    files,
    place,
    run: join(directory, 'seeded'),
    keep: values.keep,
    signal,
  };
  const start = performance.now();
  try {
    progress(`the driver as it is, in ${named.length} scenarios`);
    const bad = await tryUnpatched(bench, named, jobs);
    for (const [name, line] of bad) progress(`without a bug, ${name} ${line}`);
    const waiting = [...bugs];
    const outcomes: Outcome[] = [];
    const work = async (slot: string): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const outcome = await tryBug(bench, next.bug, next.patched, slot, bad);
        outcomes.push(outcome);
        progress(row(outcome).slice(0, 3).join('  '));
      }
    };
    const workers = Array.from({ length: jobs }, (_, index) => work(join(place, `slot-${index}`)));
    // Also when one fails or the run is interrupted, none may go on in a directory that is removed.
    await Promise.allSettled(workers);
    await Promise.all(workers);
    outcomes.sort((left, right) => (left.bug < right.bug ? -1 : 1));
    const escaped = outcomes.filter(({ fate }) => fate !== 'caught');
    const total = ((performance.now() - start) / 1000).toFixed(0);
    process.stdout.write(`\n${columns(outcomes.map(row))}\n\n`);
    process.stdout.write(
      `${outcomes.length - escaped.length} of ${outcomes.length} bugs caught, in ${total} s on ${environment.accelerator.name}\n`,
    );
    for (const { bug } of escaped) process.stdout.write(`  see ${join(bench.run, bug)}\n`);
    return escaped.length === 0 && bad.size === 0 ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    return 1;
  } finally {
    done();
    await rm(place, { recursive: true, force: true });
  }
};

export const command = defineCommand({
  operands: [{ syntax: '[WORD...]', help: 'only bugs with one of the words in their name' }],
  options,
  run,
});
