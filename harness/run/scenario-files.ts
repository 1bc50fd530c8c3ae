// The compiled scenario files, and which of them declares the scenario of a name.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { HarnessError } from '../base/errors.js';
import { compiledFiles } from './compiled-files.js';
import { ownScenarioFiles } from './own-scenarios.js';
import { declaredNames, type ScenarioFile } from './scenario-file.js';

/** Artifacts go by the name of a scenario. */
const requireNewNames = (own: readonly ScenarioFile[], ours: readonly ScenarioFile[]): void => {
  for (const { name, path } of own) {
    const twin = ours.find((file) => file.name === name || file.declares(name));
    if (twin !== undefined)
      throw new HarnessError('SCENARIO_TWICE', { name, first: twin.path, second: path });
  }
};

/** The scenario files of the tier `guest`, or of `slow`, by name. */
export const scenarioFiles = async (tier: 'guest' | 'slow' = 'guest'): Promise<ScenarioFile[]> => {
  const folder = tier === 'guest' ? [] : [tier];
  const compiled = join(packageRoot(), 'dist', 'scenarios', ...folder);
  const sources = join(packageRoot(), 'scenarios', ...folder);
  const paths = await compiledFiles(compiled, sources, (name) => /^[\w-]+\.js$/.test(name));
  return Promise.all(
    paths.map(async (path) => {
      const declared = declaredNames(await readFile(path, 'utf8'));
      return {
        path,
        name: basename(path, '.js'),
        declares: (scenario: string) => declared.some((name) => name.test(scenario)),
      };
    }),
  );
};

/** Those of the tier `guest`, and after them those in `directory`, if any. Throws what reading that throws, and SCENARIO_TWICE. */
export const scenarioFilesWith = async (directory: string | undefined): Promise<ScenarioFile[]> => {
  const ours = await scenarioFiles();
  const own = directory === undefined ? [] : await ownScenarioFiles(directory);
  requireNewNames(own, ours);
  return [...ours, ...own];
};

/** The files that declare those scenarios, or bear their name; each once. UNKNOWN_NAME, naming what there is, for a name of neither. */
export const filesFor = (files: readonly ScenarioFile[], names: readonly string[]): string[] => {
  const found = names.map((wanted) => {
    const file = files.find(({ declares }) => declares(wanted)) ?? files.find(({ name }) => name === wanted);
    if (file !== undefined) return file.path;
    const known = files.map(({ name }) => name).join(', ');
    throw new HarnessError('UNKNOWN_NAME', { kind: 'scenario', name: wanted, valid: known });
  });
  return [...new Set(found)];
};
