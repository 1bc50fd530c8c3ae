// The command that runs one cell again.
import { shellWord } from './escape.js';
import type { Report, ReportCell } from './model.js';

/** Keeps all it leaves, and runs nothing else. */
export const reproduceLine = (
  { driverDirectory }: Pick<Report, 'driverDirectory'>,
  { kernel, generation, file }: Pick<ReportCell, 'kernel' | 'generation' | 'file'>,
): string =>
  [
    'npx vmmci matrix',
    `--kernel ${kernel} --generation ${generation} --scenario ${shellWord(file)} --keep`,
    ...(driverDirectory === null ? [] : [`--driver ${shellWord(driverDirectory)}`]),
  ].join(' ');
