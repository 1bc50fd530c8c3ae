// Builds the command that runs one cell again.

import { shellWord } from '../base/text.js';
import type { Report, ReportCell } from './model.js';

type Invocation = Pick<
  Report,
  'kernelParameters' | 'driverDirectory' | 'description' | 'scenarios' | 'qemuPath' | 'level' | 'kernels'
>;

/** The command runs only this cell and keeps all of its artifacts. */
export const reproduceLine = (
  { kernelParameters, driverDirectory, description, scenarios, qemuPath, level, kernels }: Invocation,
  { kernel, generation, file }: Pick<ReportCell, 'kernel' | 'generation' | 'file'>,
): string => {
  // For a kernel of the user's own, `suite` holds the argument of --kernel.
  const own = kernels.find(({ name, flavour }) => name === kernel && flavour === 'own');
  const options = [
    ['--kernel', own?.suite ?? kernel],
    ['--kernel-parameters', kernelParameters],
    ['--generation', generation],
    ['--scenario', file],
    ['--driver', driverDirectory],
    ['--driver-description', description],
    ['--scenarios', scenarios],
    ['--qemu', qemuPath],
    ['--level', level],
  ] as const;
  const given = options.flatMap(([name, value]) => (value === null ? [] : [`${name} ${shellWord(value)}`]));
  return ['npx vmmci matrix', ...given, '--keep'].join(' ');
};
