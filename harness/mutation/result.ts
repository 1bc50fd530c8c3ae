// The results of a mutation run, as its JSON file has them.

import { dirname } from 'node:path';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { ifExists } from '../base/if-exists.js';
import { makeDirectory } from '../base/make-directory.js';
import { parseChecked } from '../base/read-checked.js';
import { readInput } from '../base/read-input.js';
import { messageOf } from '../base/thrown.js';
import { replaceFile } from '../base/write-file.js';

/**
 * `killed`: a scenario failed. `survived`: all scenarios passed. `equivalent`: the compiler made the same
 * object code. `uncompilable`: the compiler or the linker refused it. `inconclusive`: no scenario failed, and
 * one was broken.
 */
const statuses = ['killed', 'survived', 'equivalent', 'uncompilable', 'inconclusive'] as const;

const resultSchema = v.object({
  id: v.string(),
  file: v.string(),
  line: v.number(),
  operator: v.string(),
  function: v.exactOptional(v.string()),
  before: v.string(),
  after: v.string(),
  status: v.picklist(statuses),
  /** The scenario that failed or was broken; empty if there was none. */
  by: v.string(),
  /** The first failed check, or the compiler's first error. */
  reason: v.string(),
  /** The causes that were named for the failure. */
  causes: v.array(v.string()),
  /** How many scenarios ran. */
  scenarios: v.number(),
  seconds: v.number(),
  /** Why a survivor may be equivalent, or is not; empty if nothing is known. */
  hints: v.array(v.string()),
});

export type MutantResult = Readonly<v.InferOutput<typeof resultSchema>>;

const linesSchema = v.record(v.string(), v.array(v.number()));

/**
 * By scenario file: a hash of what it contained, how long it took on the unchanged driver, and the lines that
 * it reaches, by source file.
 */
const usableSchema = v.record(
  v.string(),
  v.object({ hash: v.string(), seconds: v.number(), reaches: linesSchema }),
);

export type UsableScenarios = Readonly<v.InferOutput<typeof usableSchema>>;

/** What the results depend on, except for the sources. */
const conditions = {
  kernel: v.string(),
  generation: v.string(),
  /** The lowest level of requirements that fails a scenario. */
  level: v.string(),
  /** More parameters of the guest's kernel; may be empty. */
  kernelParameters: v.string(),
};

const fileSchema = v.object({
  /** A hash of the sources: the lines of other sources are not those of the results. */
  sources: v.string(),
  ...conditions,
  /** The lines of each source file that have code. */
  lines: linesSchema,
  /** By name, the scenario files that passed on the unchanged driver. */
  usable: usableSchema,
  results: v.array(resultSchema),
});

export type MutationRun = Readonly<v.InferOutput<typeof fileSchema>>;

export type MutationKey = Omit<MutationRun, 'lines' | 'usable' | 'results'>;

/**
 * `undefined` if there is no such file. Rejects with MUTATION_RESULTS if it is damaged, or if it is about
 * other sources or conditions.
 */
export const readMutationRun = async (
  path: string,
  { sources, ...rest }: MutationKey,
): Promise<MutationRun | undefined> => {
  const refuse = (reason: string, cause?: unknown): HarnessError<'MUTATION_RESULTS'> =>
    new HarnessError('MUTATION_RESULTS', { path, reason }, cause);
  const text = await ifExists(readInput(path)).catch((cause: unknown) => {
    throw refuse(messageOf(cause), cause);
  });
  if (text === undefined) return undefined;
  const checked = parseChecked(text, fileSchema);
  if ('problem' in checked) throw refuse(checked.problem);
  if (checked.value.sources !== sources) throw refuse('the driver has changed since');
  for (const [name, value] of Object.entries(checked.value))
    if (name in rest && value !== rest[name as keyof typeof rest])
      throw refuse(`its ${name} is '${value}', not '${rest[name as keyof typeof rest]}'`);
  return checked.value;
};

/** Replaces the file as a whole, so that an interruption leaves the old or the new one. */
export const writeMutationRun = async (path: string, run: MutationRun): Promise<void> => {
  makeDirectory(dirname(path));
  const { results, ...rest } = run;
  // One result a line, so that people can search and compare files.
  const head = JSON.stringify(rest).slice(0, -1);
  const lines = results.map((result) => JSON.stringify(result));
  await replaceFile(path, `${head},"results":[\n${lines.join(',\n')}\n]}\n`);
};

/** The number of mutants with each status. */
export const counts = (results: readonly MutantResult[]): Readonly<Record<MutantResult['status'], number>> =>
  Object.fromEntries(
    statuses.map((status) => [status, results.filter((result) => result.status === status).length]),
  ) as Record<MutantResult['status'], number>;
