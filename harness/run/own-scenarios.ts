// Finds the scenario files of a driver's own repository.

import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { groupDigits } from '../base/bounded.js';
import { HarnessError } from '../base/errors.js';
import { isAbsent } from '../base/if-exists.js';
import { readInput } from '../base/read-input.js';
import { runMarker } from '../base/run-marker.js';
import { directoryReason, messageOf } from '../base/thrown.js';
import { type ScenarioFile, scenariosIn } from './scenario-file.js';

/** `stop-twice.scenario.ts` */
const fileName = /^(.+)\.scenario\.m?([jt])s$/;

const refuse = (directory: string, reason: string, cause?: unknown): HarnessError =>
  new HarnessError('SCENARIO_DIRECTORY', { directory, reason }, cause);

/** More than the source tree of Linux has. A whole disk would take minutes. */
const defaultMaxDirectories = 20_000;

/** `budget.left` is the number of directories that may still be read. */
const walk = async (directory: string, budget: { left: number }, isBelow = false): Promise<string[]> => {
  if (budget.left-- <= 0) return [];
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    // Another program may have removed a directory below the one that the user named.
    if (isBelow && isAbsent(error)) return [];
    throw error;
  });
  if (entries.some(({ name }) => name === runMarker)) return [];
  const found = await Promise.all(
    entries
      .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
      .map((entry) => {
        const path = join(directory, entry.name);
        return entry.isDirectory() ? walk(path, budget, true) : fileName.test(entry.name) ? [path] : [];
      }),
  );
  return found.flat();
};

const hasCompiler = (path: string): boolean => {
  try {
    return createRequire(path).resolve('typescript') !== '';
  } catch {
    return false;
  }
};

/** Node.js strips types from 22.18 on; older versions need a compiler that the file itself can import. */
const requireTypeScript = (path: string): void => {
  const { typescript } = process.features as { typescript?: unknown };
  if (typescript || hasCompiler(path)) return;
  throw new HarnessError('SCENARIO_TYPESCRIPT', { path, node: process.version });
};

/**
 * The scenario files below `directory`. Rejects with SCENARIO_DIRECTORY, SCENARIO_TYPESCRIPT, SCENARIO_TWICE.
 */
export const ownScenarioFiles = async (
  directory: string,
  maxDirectories = defaultMaxDirectories,
): Promise<ScenarioFile[]> => {
  const budget = { left: maxDirectories };
  const paths = await walk(directory, budget).catch((cause: unknown) => {
    throw refuse(directory, directoryReason(cause, directory), cause);
  });
  if (budget.left < 0)
    throw refuse(
      directory,
      `it has more than ${groupDigits(maxDirectories)} directories; name the one that has the scenarios`,
    );
  if (paths.length === 0)
    throw refuse(directory, 'it has no file named *.scenario.ts, *.scenario.js or *.scenario.mjs');
  const read = (path: string): Promise<string> =>
    readInput(path).catch((cause: unknown) => {
      throw refuse(directory, messageOf(cause), cause);
    });
  const files = new Map<string, ScenarioFile>();
  for (const path of paths.sort()) {
    const [, name = '', kind] = fileName.exec(basename(path)) ?? [];
    const twin = files.get(name);
    if (twin !== undefined)
      throw new HarnessError('SCENARIO_TWICE', { name, first: twin.path, second: path });
    if (kind === 't') requireTypeScript(path);
    files.set(name, { path, name, ...scenariosIn(await read(path)) });
  }
  return [...files.values()];
};
