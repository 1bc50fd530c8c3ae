// The command that runs a scenario again with the same kernel, driver and QEMU.

import { join } from 'node:path';
import { asset, packageRoot } from '../../images/asset.js';
import { shellWord } from '../base/text.js';
import type { Choice } from './choice.js';

/** The options of `vmmci` that reproduce a choice. Modules that were built for the run are rebuilt. */
export const choiceOptions = ({
  kernel,
  kernelParameters,
  driver,
  description,
  scenarios,
  qemu,
  generation,
  level,
}: Omit<Choice, 'run' | 'keep' | 'only' | 'modules' | 'shell' | 'dump'>): string[] => [
  '--kernel',
  kernel,
  ...(kernelParameters === undefined ? [] : ['--kernel-parameters', kernelParameters]),
  '--generation',
  generation,
  ...(level === undefined ? [] : ['--level', level]),
  ...(driver === asset('driver') ? [] : ['--driver', driver]),
  ...(description === undefined ? [] : ['--driver-description', description]),
  ...(scenarios === undefined ? [] : ['--scenarios', scenarios]),
  ...(qemu === undefined ? [] : ['--qemu', qemu]),
];

/**
 * A shell script that runs the scenario. In a checkout it builds first, so that it tests the current sources.
 */
export const reproduceScript = (choice: Choice, scenario: string): string => {
  const main = join(packageRoot(), 'dist', 'harness', 'cli', 'main.js');
  const words = ['test', ...choiceOptions(choice), '--keep', '--exact', scenario];
  return `#!/bin/sh
# Runs only this scenario again and keeps its artifacts in runs/ below the working directory.
set -e
package=${shellWord(packageRoot())}
if [ -e "$package/tsconfig.json" ]; then npm run --silent --prefix "$package" build >&2; fi
exec node ${shellWord(main)} ${words.map(shellWord).join(' ')} "$@"
`;
};
