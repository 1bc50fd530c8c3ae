// Which probes each scenario of a run has passed.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../base/if-exists.js';
import { parseChecked } from '../base/read-checked.js';
import { compiledProbes } from './probe-code.js';

/** Beside the result of a scenario: the numbers of the probes as JSON. */
export const passedFile = 'passed-probes.json';

const schema = v.array(v.pipe(v.number(), v.integer(), v.minValue(0)));

/** By scenario: the directories below those of the kernels. A scenario without the file had no driver. */
export const readPassed = async (
  results: readonly { readonly scenario: string; readonly directory: string }[],
): Promise<Map<string, ReadonlySet<number>>> => {
  const passed = new Map<string, ReadonlySet<number>>();
  for (const { scenario, directory } of results) {
    const path = join(directory, passedFile);
    const text = await ifExists(readFile(path, 'utf8'));
    if (text === undefined) continue;
    const checked = parseChecked(text, schema);
    if ('problem' in checked) throw new Error(`${path}: ${checked.problem}`);
    passed.set(scenario, new Set(checked.value));
  }
  return passed;
};

/** The numbers of all probes in the object files of a build tree. */
export const readCompiled = async (tree: string): Promise<Set<number>> => {
  const objects = (await readdir(tree, { recursive: true })).filter((name) => name.endsWith('.o'));
  const found = await Promise.all(
    objects.map(async (name) => compiledProbes(await readFile(join(tree, name)))),
  );
  return new Set(found.flat());
};
