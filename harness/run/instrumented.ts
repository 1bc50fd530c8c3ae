// Runs scenarios on an instrumented build of the driver.

import { join } from 'node:path';
import { hasCode } from '../base/errors.js';
import { type Instrumented, instrument } from '../coverage/instrument.js';
import type { Coverage } from '../coverage/lines.js';
import { readCompiled, readPassed } from '../coverage/passed.js';
import { buildChanged, treeOf } from './changed-driver.js';
import type { Choice } from './choice.js';
import type { Environment } from './environment.js';
import type { ScenarioResult } from './result.js';
import { type RunFilesOptions, runFiles } from './run-files.js';

export interface InstrumentedBuild {
  readonly probes: Coverage['probes'];
  readonly compiled: Coverage['compiled'];
  /** The directory of the modules. */
  readonly modules: string;
  /** Files without probes, because they do not compile with them. */
  readonly unprobed: readonly string[];
}

/** The file that a compiler's error is about: `src/driver.c:12:3: error: …`. */
const fileOfError = (message: string): string | undefined => /([\w./+-]+\.[ch]):\d+:/.exec(message)?.[1];

/**
 * Builds an instrumented driver in `slot`. A file in which the probes do not compile is left as it is.
 * Rejects with DRIVER_BUILD if the driver does not compile without probes either.
 */
export const buildInstrumented = async (
  environment: Environment,
  sources: ReadonlyMap<string, string>,
  slot: string,
  signal: AbortSignal,
): Promise<InstrumentedBuild> => {
  const unprobed: string[] = [];
  for (;;) {
    const { sources: changed, probes }: Instrumented = await instrument(sources, unprobed);
    try {
      const { directory: modules } = await buildChanged(
        environment,
        changed,
        join(slot, 'driver'),
        slot,
        signal,
      );
      return { probes, compiled: await readCompiled(treeOf(slot)), modules, unprobed };
    } catch (error) {
      const file = hasCode(error, 'DRIVER_BUILD') ? fileOfError(error.message) : undefined;
      if (file === undefined || unprobed.includes(file) || !sources.has(file)) throw error;
      unprobed.push(file);
    }
  }
};

type RunOptions = Pick<RunFilesOptions, 'workers' | 'signal' | 'env' | 'onLine'> & {
  readonly choice: Choice;
  readonly read: (run: string) => Promise<readonly ScenarioResult[]>;
};

/** Runs scenario files on the instrumented driver. `status` is that of `runFiles`. */
export const runInstrumented = async (
  { probes, compiled, modules }: InstrumentedBuild,
  files: readonly string[],
  { choice, read, ...options }: RunOptions,
): Promise<{ coverage: Coverage; results: readonly ScenarioResult[]; status: number }> => {
  const status = await runFiles(files, { ...options, choice: { ...choice, modules, coverage: true } });
  const results = await read(choice.run);
  return { coverage: { probes, compiled, passed: await readPassed(results) }, results, status };
};
