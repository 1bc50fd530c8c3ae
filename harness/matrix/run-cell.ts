// Runs one cell, collects its results and artifacts, and retries it once if it is broken.

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../base/cache/remove-tree.js';
import { messageOf } from '../base/thrown.js';
import type { ReportCell } from '../report/model.js';
import { readResults } from '../report/results.js';
import type { ScenarioResult } from '../run/result.js';
import { isBad } from '../run/verdict.js';
import { explainHost } from '../scenario/judgement.js';
import { defaultGeneration } from '../vmmci/generations.js';
import type { Halt } from './halt.js';
import type { Cell } from './plan.js';
import { retryBroken } from './retry.js';
import type { ScenarioPool } from './scenario-pool.js';
import type { FileEnd } from './scenario-process.js';
import { lastLines, unrunCell } from './unrun.js';

export interface CellContext {
  readonly halt: Halt;
  /** The directory for the artifacts of the run. */
  readonly run: string;
  /** The processes that run the files; their directories are below `run`. */
  readonly pool: ScenarioPool;
  /** Also keep the output of scenarios that pass. */
  readonly keep: boolean;
  readonly onRetry: (cell: Cell, reason: string) => void;
  /** The path of the compiled file. */
  readonly pathOf: (file: string) => string;
}

interface Attempt {
  readonly end: FileEnd;
  readonly results: readonly ScenarioResult[];
  /** A problem of the process itself, not of one scenario. */
  readonly problem: string | undefined;
}

/** The name of the last failed test in TAP, which for a file that cannot be imported is the reason. */
const lastFailure = (output: string): string | undefined =>
  [...output.matchAll(/^not ok \d+ - (.+)$/gm)].at(-1)?.[1];

/**
 * The problem of a process: it left no result, or it ended badly although its scenarios did not, or it died.
 */
const problemOf = (end: FileEnd, results: readonly ScenarioResult[]): string | undefined => {
  if (results.length === 0)
    return `no scenario ran: ${lastFailure(end.output) ?? end.how}\n${lastLines(`${end.late}\n${end.output}`)}`;
  if (end.ok || (results.some(isBad) && end.isAlive)) return undefined;
  return `the process ended badly (${end.how}):\n${lastLines(`${end.late}\n${end.output}`)}`;
};

const artifactName = (scenario: string, generation: string): string =>
  generation === defaultGeneration ? scenario : `${scenario}@${generation}`;

/** Moves the artifacts of a scenario to their final directory. Returns its path relative to `run`. */
const settle = async (
  cell: Cell,
  result: ScenarioResult,
  run: string,
  output: string,
  keep: boolean,
): Promise<string> => {
  const directory = join(cell.kernel.name, artifactName(result.scenario, cell.generation));
  const target = join(run, directory);
  await mkdir(join(run, cell.kernel.name), { recursive: true });
  await removeTree(target);
  await rename(result.directory, target);
  await writeFile(join(target, 'result.json'), `${JSON.stringify({ ...result, directory }, null, 2)}\n`);
  if (keep || result.verdict !== 'passed') await writeFile(join(target, 'output.txt'), output);
  return directory;
};

/** Renames the artifacts of a broken attempt, so that the next attempt does not replace them. */
const setAside = async (run: string, directory: string | null): Promise<void> => {
  if (directory === null) return;
  const aside = join(run, `${directory}.attempt-1`);
  await removeTree(aside);
  await rename(join(run, directory), aside);
};

const brokenBy = ({ results, problem }: Attempt): string | undefined => {
  const reasons = results.filter(({ verdict }) => verdict === 'broken').flatMap(({ reasons }) => reasons);
  if (problem !== undefined) reasons.push(problem);
  return reasons.length === 0 ? undefined : reasons.join('; ');
};

/** The results of all scenarios in the file. A broken cell is run again once, a failed one never. */
export const runCell = async (cell: Cell, context: CellContext): Promise<ReportCell[]> => {
  const { halt, run, pool, keep, onRetry, pathOf } = context;
  const rows = new Map<string, ReportCell>();
  let firstProblem: string | undefined;

  const record = async (result: ScenarioResult, output: string): Promise<void> => {
    const { scenario, verdict, reasons, remedied = [], unmet = [], causes = [], seconds, nodeMiB } = result;
    const before = rows.get(scenario);
    if (before !== undefined && before.verdict !== 'broken') return;
    if (before !== undefined) await setAside(run, before.directory);
    const directory = await settle(cell, result, run, output, keep);
    const retried = before?.reasons ?? (firstProblem === undefined ? [] : [firstProblem]);
    rows.set(scenario, {
      ...unrunCell(cell, ''),
      scenario,
      verdict,
      reasons,
      seconds,
      nodeMiB,
      unmet,
      directory,
      retried: [...retried, ...remedied],
      causes,
    });
  };

  const attempt = async (number: number): Promise<Attempt> => {
    const lease = await pool.take(cell, number > 1);
    let isSound = false;
    try {
      const end = await lease.run(pathOf(cell.file));
      if (halt.kill.aborted) return { end, results: [], problem: undefined };
      const results = await readResults(lease.staging);
      const unkept: string[] = [];
      for (const result of results)
        await record(result, end.output).catch(async (error: unknown) => {
          const reason = messageOf(await explainHost(error, run));
          unkept.push(`the artifacts of ${result.scenario} cannot be kept: ${reason}`);
        });
      const problems = [problemOf(end, results) ?? [], unkept].flat();
      const done = { end, results, problem: problems.length === 0 ? undefined : problems.join('; ') };
      isSound = brokenBy(done) === undefined;
      return done;
    } finally {
      await lease.giveBack(isSound);
    }
  };

  const last = await retryBroken(attempt, brokenBy, {
    halt,
    onRetry: (reason) => {
      firstProblem = reason;
      onRetry(cell, reason);
    },
  });
  if (halt.kill.aborted && rows.size === 0) return [unrunCell(cell, halt.reason ?? 'interrupted')];
  if (last.problem !== undefined) {
    const retried = firstProblem === undefined ? [] : [firstProblem];
    const scenario = `${cell.file} (process)`;
    rows.set(scenario, { ...unrunCell(cell, last.problem), scenario, verdict: 'broken', retried });
  }
  return [...rows.values()];
};
