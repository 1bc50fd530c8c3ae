// Finds the compiled scenario files, and those that declare given scenarios.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { HarnessError } from '../base/errors.js';
import { glob } from '../base/glob.js';
import { namesLike } from '../base/text.js';
import { compiledFiles } from './compiled-files.js';
import { ownScenarioFiles } from './own-scenarios.js';
import { type ScenarioFile, scenariosIn, type Tier } from './scenario-file.js';

/** Names must be unique, because artifacts are stored by scenario name. */
const requireUniqueNames = (own: readonly ScenarioFile[], bundled: readonly ScenarioFile[]): void => {
  for (const { name, path } of own) {
    const twin = bundled.find((file) => file.name === name || file.declares(name));
    if (twin !== undefined)
      throw new HarnessError('SCENARIO_TWICE', { name, first: twin.path, second: path });
  }
};

/** The scenario files of a tier, sorted by name. */
export const scenarioFiles = async (tier: Tier = 'guest'): Promise<ScenarioFile[]> => {
  const folder = tier === 'guest' ? [] : [tier];
  const compiled = join(packageRoot(), 'dist', 'scenarios', ...folder);
  const sources = join(packageRoot(), 'scenarios', ...folder);
  const paths = await compiledFiles(compiled, sources, (name) => /^[\w-]+\.js$/.test(name));
  return Promise.all(
    paths.map(async (path) => ({
      path,
      tier,
      name: basename(path, '.js'),
      ...scenariosIn(await readFile(path, 'utf8')),
    })),
  );
};

/**
 * The scenario files of the tier `guest`, followed by those in `directory` and those of more tiers. Rejects
 * with SCENARIO_TWICE and what `ownScenarioFiles` rejects with.
 */
export const scenarioFilesWith = async (
  directory: string | undefined,
  more: readonly Tier[] = [],
): Promise<ScenarioFile[]> => {
  const bundled = await scenarioFiles();
  const own = directory === undefined ? [] : await ownScenarioFiles(directory);
  requireUniqueNames(own, bundled);
  return [...bundled, ...own, ...(await Promise.all(more.map(scenarioFiles))).flat()];
};

const filesLike = (files: readonly ScenarioFile[], wanted: string): ScenarioFile[] => {
  if (/[*?]/.test(wanted)) return files.filter(({ name }) => glob(wanted).test(name));
  const file = files.find(({ declares }) => declares(wanted)) ?? files.find(({ name }) => name === wanted);
  return file === undefined ? [] : [file];
};

/**
 * The files that declare these scenarios, or have that name or a name of that pattern, without duplicates.
 * Throws UNKNOWN_NAME.
 */
export const filesFor = (files: readonly ScenarioFile[], names: readonly string[]): string[] => {
  const found = names.flatMap((wanted) => {
    const paths = filesLike(files, wanted).map(({ path }) => path);
    if (paths.length > 0) return paths;
    // Files of two tiers may have the same name.
    const names = new Set(files.flatMap(({ name, literals }) => [name, ...literals]));
    const valid = namesLike(wanted, [...names]);
    throw new HarnessError('UNKNOWN_NAME', { kind: 'scenario', name: wanted, valid });
  });
  return [...new Set(found)];
};
