// The inputs of a debug kernel other than its sources.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { asset } from '../../asset.js';
import { layoutVersion } from '../layout.js';

/** Increase it when the build changes in a way that the configuration does not show. */
const generation = 1;

const fragmentPath = (name: string): string => asset('kernels', 'debug', name);

/** The series whose kernels need options of their own. */
const seriesWithOptions: ReadonlySet<string> = new Set(['7.3']);

/** The texts of the configuration fragments of a series. The last one wins. */
export const readFragments = (series: string): Promise<string[]> =>
  Promise.all(
    ['debug.config', ...(seriesWithOptions.has(series) ? [`debug-${series}.config`] : [])].map((name) =>
      readFile(fragmentPath(name), 'utf8'),
    ),
  );

export interface ConfigOption {
  readonly name: string;
  /** The value in the syntax of .config: `y`, `m`, `n`, a number or a quoted string. */
  readonly value: string;
  /** The comment above the option or above its group. */
  readonly why: string;
}

/**
 * Parses a configuration fragment. A comment gives the reason of the options that follow it, up to a blank
 * line.
 */
export const parseFragment = (text: string): ConfigOption[] => {
  const options: ConfigOption[] = [];
  let why = '';
  let isComment = false;
  for (const line of text.split('\n')) {
    const [, comment] = /^# ?(.*)$/.exec(line) ?? [];
    const [, name, value] = /^CONFIG_(\w+)=(.+)$/.exec(line) ?? [];
    if (comment !== undefined) why = isComment ? `${why} ${comment}` : comment;
    else if (name !== undefined && value !== undefined) options.push({ name, value, why });
    else if (line === '') why = '';
    else throw new Error(`not a line of a configuration fragment: ${line}`);
    isComment = comment !== undefined;
  }
  return options;
};

/** All options of the fragments, each once: an option of a later fragment replaces an earlier one. */
export const mergeFragments = (texts: readonly string[]): ConfigOption[] => [
  ...new Map(texts.flatMap(parseFragment).map((option) => [option.name, option])).values(),
];

/** The options that are set for the kernels of a series. */
export const optionsFor = async (series: string): Promise<ConfigOption[]> =>
  mergeFragments(await readFragments(series));

/** Requested options that the final configuration lacks: `CONFIG_KASAN=y (it is not set)`. */
export const optionsNotTaken = (wanted: readonly ConfigOption[], config: string): string[] => {
  const set = new Map(
    [...config.matchAll(/^CONFIG_(\w+)=(.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  return wanted.flatMap(({ name, value }) => {
    const found = set.get(name) ?? 'n';
    return found === value ? [] : [`CONFIG_${name}=${value} (it is ${found === 'n' ? 'not set' : found})`];
  });
};

/** A hash of all inputs of a debug kernel other than its sources: 8 hexadecimal digits. */
export const recipeHash = async (series: string): Promise<string> =>
  createHash('sha256')
    .update(JSON.stringify([generation, layoutVersion]))
    .update((await readFragments(series)).join(''))
    .digest('hex')
    .slice(0, 8);
