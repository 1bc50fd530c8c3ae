// Reads from the files of the driver's modules which others modprobe loads before one of them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../harness/run/environment.js';
import { moduleDependencies, softDependencies } from '../../images/guest/module-depends.js';

/**
 * The names of the modules, with underscores: those whose symbols `name` uses, and those that it names
 * itself.
 */
export const loadedBefore = async ({ modules }: Environment, name: string): Promise<string[]> => {
  const content = await readFile(join(modules.directory, `${name}.ko`));
  return [...moduleDependencies(content), ...softDependencies(content)].map((each) =>
    each.replaceAll('-', '_'),
  );
};
