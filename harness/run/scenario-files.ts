// The compiled scenario files, and which of them declares the scenario of a name.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { HarnessError } from '../base/errors.js';
import { compiledFiles } from './compiled-files.js';

export interface ScenarioFile {
  readonly path: string;
  /** Without `.js`. */
  readonly name: string;
  /** Whether it declares the scenario of that name. */
  declares(scenario: string): boolean;
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What the names look like that `text`, a compiled scenario file, declares; a part that is computed may be anything. */
export const declaredNames = (text: string): RegExp[] =>
  [...text.matchAll(/\bscenario\(\s*(['"`])(.*?)\1/g)].map(([, quote, name = '']) =>
    quote === '`'
      ? new RegExp(
          `^${name
            .split(/\$\{[^}]*\}/)
            .map(literally)
            .join('.+')}$`,
        )
      : new RegExp(`^${literally(name)}$`),
  );

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
