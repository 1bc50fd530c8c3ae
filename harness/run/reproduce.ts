// The command line that runs a scenario again, on just what it ran on.
import { join } from 'node:path';
import { asset, packageRoot } from '../../images/asset.js';
import { shellWord } from '../base/text.js';
import type { Choice } from './choice.js';

/** The options of `vmmci` that make the same choice again; modules that were built for a run are built anew. */
export const choiceOptions = ({
  kernel,
  driver,
  description,
  scenarios,
  qemu,
  generation,
  level,
}: Omit<Choice, 'run' | 'keep' | 'only' | 'modules'>): string[] => [
  '--kernel',
  kernel,
  '--generation',
  generation,
  '--level',
  level,
  ...(driver === asset('driver') ? [] : ['--driver', driver]),
  ...(description === undefined ? [] : ['--driver-description', description]),
  ...(scenarios === undefined ? [] : ['--scenarios', scenarios]),
  ...(qemu === undefined ? [] : ['--qemu', qemu]),
];

/** A shell script. In a checkout it compiles first, so that a change is tried; an installed package has nothing to compile. */
export const reproduceScript = (choice: Choice, scenario: string): string => {
  const main = join(packageRoot(), 'dist', 'harness', 'cli', 'main.js');
  const words = ['test', ...choiceOptions(choice), '--keep', '--exact', scenario];
  return `#!/bin/sh
# Runs this scenario again, alone, and keeps its artifacts in runs/ of the working directory.
set -e
package=${shellWord(packageRoot())}
if [ -e "$package/tsconfig.json" ]; then npm run --silent --prefix "$package" build >&2; fi
exec node ${shellWord(main)} ${words.map(shellWord).join(' ')} "$@"
`;
};
