// The command that runs one cell again.
import { shellWord } from '../base/text.js';
import type { Report, ReportCell } from './model.js';

/** Keeps all it leaves, and runs nothing else. */
export const reproduceLine = (
  { driverDirectory, kernels }: Pick<Report, 'driverDirectory' | 'kernels'>,
  { kernel, generation, file }: Pick<ReportCell, 'kernel' | 'generation' | 'file'>,
): string => {
  // The suite of an own kernel is how it was asked for.
  const own = kernels.find(({ name, flavour }) => name === kernel && flavour === 'own');
  return [
    'npx vmmci matrix',
    `--kernel ${shellWord(own?.suite ?? kernel)} --generation ${generation} --scenario ${shellWord(file)} --keep`,
    ...(driverDirectory === null ? [] : [`--driver ${shellWord(driverDirectory)}`]),
  ].join(' ');
};
