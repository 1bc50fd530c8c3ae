// Finds what a module of the driver uses of the kernel and of other modules.

import { join } from 'node:path';
import type { Environment } from '../../harness/run/environment.js';
import { runInToolRoot } from '../../images/toolroot/run.js';

/** The symbols that the module needs from elsewhere. */
export const importsOf = async (
  { root, modules }: Pick<Environment, 'root' | 'modules'>,
  module: string,
): Promise<string[]> => {
  const path = join(modules.directory, `${module}.ko`);
  const { stdout } = await runInToolRoot(root, ['nm', '--undefined-only', '--format=just-symbols', path], {
    binds: [{ path: modules.directory }],
  });
  return stdout.split('\n');
};

/** True if a module of the driver needs the symbol. */
export const isImported = async (environment: Environment, symbol: string): Promise<boolean> => {
  const found = await Promise.all(environment.driver.modules.map((name) => importsOf(environment, name)));
  return found.flat().includes(symbol);
};
