// A cell: its process, what it left, and one more try where the harness broke.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { askFor } from '../../images/kernels/table.js';
import { removeTree } from '../cache/remove-tree.js';
import type { ReportCell } from '../report/model.js';
import { readResults } from '../report/results.js';
import { variables } from '../scenario/environment.js';
import type { ScenarioResult } from '../scenario/result.js';
import { DEFAULT_GENERATION } from '../vmmci/generations.js';
import type { Halt } from './halt.js';
import type { Cell } from './plan.js';
import { retryBroken } from './retry.js';
import { freshDirectory, type ProcessEnd, runScenarioFile } from './scenario-process.js';
import { unrunCell } from './unrun.js';

export interface CellContext {
  readonly halt: Halt;
  /** Where the run's artifacts go. */
  readonly run: string;
  /** Set for every scenario process: driver, QEMU, whether to keep. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onRetry: (cell: Cell, reason: string) => void;
  /** Instead of the compiled file of that name: for tests. */
  readonly pathOf?: (file: string) => string;
}

interface Attempt {
  readonly end: ProcessEnd;
  readonly results: readonly ScenarioResult[];
  /** What the process as a whole did wrong. */
  readonly problem: string | undefined;
}

const compiled = (file: string): string => join(packageRoot(), 'dist', 'scenarios', `${file}.js`);

const lastLines = (text: string, count = 8): string => text.trim().split('\n').slice(-count).join('\n');

/** A process that ended badly although its scenarios did not, or that left nothing. */
const problemOf = (end: ProcessEnd, results: readonly ScenarioResult[]): string | undefined => {
  const isBad = ({ verdict }: ScenarioResult): boolean => verdict === 'failed' || verdict === 'broken';
  if (results.length === 0) return `no scenario ran (${end.how}):\n${lastLines(end.output)}`;
  if (end.ok || (results.some(isBad) && /^status /.test(end.how))) return undefined;
  return `the process ended badly (${end.how}):\n${lastLines(end.output)}`;
};

export const artifactName = (scenario: string, generation: string): string =>
  generation === DEFAULT_GENERATION ? scenario : `${scenario}@${generation}`;

const idOf = ({ kernel, generation, file }: Cell): string => `${kernel.name}-${generation}-${file}`;

/** Moves a scenario's artifacts to where they stay; gives that place from `run`. */
const settle = async (
  cell: Cell,
  result: ScenarioResult,
  run: string,
  output: string,
  keep: boolean,
): Promise<string> => {
  const place = join(cell.kernel.name, artifactName(result.scenario, cell.generation));
  const target = join(run, place);
  await mkdir(join(run, cell.kernel.name), { recursive: true });
  await removeTree(target);
  await rename(result.directory, target);
  await writeFile(
    join(target, 'result.json'),
    `${JSON.stringify({ ...result, directory: place }, null, 2)}\n`,
  );
  if (keep || result.verdict !== 'passed') await writeFile(join(target, 'output.txt'), output);
  return place;
};

/** Keeps what a broken attempt left, beside what the next one will leave. */
const setAside = async (run: string, place: string | null): Promise<void> => {
  if (place === null) return;
  const aside = join(run, `${place}.attempt-1`);
  await removeTree(aside);
  await rename(join(run, place), aside);
};

const brokenBy = ({ results, problem }: Attempt): string | undefined => {
  const reasons = results.filter(({ verdict }) => verdict === 'broken').flatMap(({ reasons }) => reasons);
  if (problem !== undefined) reasons.push(problem);
  return reasons.length === 0 ? undefined : reasons.join('; ');
};

/** The results of all scenarios in the cell's file. What fails is never run again; what breaks is, once. */
export const runCell = async (cell: Cell, context: CellContext): Promise<ReportCell[]> => {
  const { halt, run, env, onRetry, pathOf = compiled } = context;
  const staging = join(run, '.running', idOf(cell));
  const rows = new Map<string, ReportCell>();
  let firstProblem: string | undefined;

  const record = async (result: ScenarioResult, output: string): Promise<void> => {
    const { scenario, verdict, reasons, remedied = [], seconds, nodeMiB } = result;
    const before = rows.get(scenario);
    if (before !== undefined && before.verdict !== 'broken') return;
    if (before !== undefined) await setAside(run, before.directory);
    const directory = await settle(cell, result, run, output, env[variables.keep] === '1');
    const retried = before?.reasons ?? (firstProblem === undefined ? [] : [firstProblem]);
    rows.set(scenario, {
      ...unrunCell(cell, ''),
      scenario,
      verdict,
      reasons,
      seconds,
      nodeMiB,
      directory,
      retried: [...retried, ...remedied],
    });
  };

  const attempt = async (): Promise<Attempt> => {
    await freshDirectory(staging);
    const end = await runScenarioFile({
      path: pathOf(cell.file),
      kill: halt.kill,
      env: {
        ...env,
        [variables.kernel]: askFor(cell.kernel),
        [variables.generation]: cell.generation,
        [variables.run]: staging,
      },
    });
    if (halt.kill.aborted) return { end, results: [], problem: undefined };
    // A process that was killed may leave half of a result; the problem says that it was.
    const results = await readResults(staging).catch(() => []);
    for (const result of results) await record(result, end.output);
    return { end, results, problem: problemOf(end, results) };
  };

  const last = await retryBroken(attempt, brokenBy, {
    halt,
    onRetry: (reason) => {
      firstProblem = reason;
      onRetry(cell, reason);
    },
  });
  await removeTree(staging);
  if (halt.kill.aborted && rows.size === 0) return [unrunCell(cell, halt.reason ?? 'interrupted')];
  if (last.problem !== undefined) {
    const retried = firstProblem === undefined ? [] : [firstProblem];
    const scenario = `${cell.file} (process)`;
    rows.set(scenario, { ...unrunCell(cell, last.problem), scenario, verdict: 'broken', retried });
  }
  return [...rows.values()];
};
