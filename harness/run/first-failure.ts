// Runs scenario files one after another until a scenario has failed.

import { createInterface } from 'node:readline';
import type { Choice } from './choice.js';
import type { ScenarioResult } from './result.js';
import type { RunFilesOptions } from './run-files.js';
import { startWorker } from './start-worker.js';
import type { Verdict } from './verdict.js';

export interface FirstFailure {
  /** The scenario that failed; otherwise the first that was broken; `undefined` if there was neither. */
  readonly result: ScenarioResult | undefined;
  /** How many files ran. */
  readonly files: number;
}

type Options = Required<Pick<RunFilesOptions, 'signal' | 'env'>> & {
  readonly choice: Choice;
  /** Reads the results below a run directory. */
  readonly read: (run: string) => Promise<readonly ScenarioResult[]>;
};

/** A failed test at the top level of TAP. It is a scenario, whose result has already been written. */
const failedLine = /^not ok /;

/**
 * Ends the process as soon as a scenario has failed. If the process died in the middle of a scenario, `read`
 * reports that scenario as broken.
 */
export const untilFirstFailure = async (
  files: readonly string[],
  { choice, signal, env, read }: Options,
): Promise<FirstFailure> => {
  signal.throwIfAborted();
  const worker = startWorker({ stdout: 'pipe', stderr: 'inherit', choice, env, signal, detached: true });
  const find = async (verdict: Verdict): Promise<ScenarioResult | undefined> =>
    (await read(choice.run)).find((result) => result.verdict === verdict);
  const failure = new Promise<ScenarioResult>((resolve, reject) => {
    if (worker.stdout === null) return;
    createInterface({ input: worker.stdout }).on('line', (line) => {
      if (failedLine.test(line))
        find('failed').then((result) => result !== undefined && resolve(result), reject);
    });
  });
  let count = 0;
  try {
    for (const file of files) {
      count += 1;
      const end = await Promise.race([worker.run(file), failure]);
      signal.throwIfAborted();
      if ('verdict' in end) return { result: end, files: count };
      if (end.ok) continue;
      const result = await find('failed');
      if (result !== undefined) return { result, files: count };
      if (!end.isAlive) break;
    }
    return { result: await find('broken'), files: count };
  } finally {
    worker.kill();
  }
};
