// The command that runs one cell again.
import { shellWord } from '../base/text.js';
import type { Report, ReportCell } from './model.js';

type Origin = Pick<
  Report,
  'driverDirectory' | 'description' | 'scenarios' | 'qemuPath' | 'level' | 'kernels'
>;

/** Keeps all artifacts, and runs nothing else. */
export const reproduceLine = (
  { driverDirectory, description, scenarios, qemuPath, level, kernels }: Origin,
  { kernel, generation, file }: Pick<ReportCell, 'kernel' | 'generation' | 'file'>,
): string => {
  // The suite of a kernel of the caller's own is how it was asked for.
  const own = kernels.find(({ name, flavour }) => name === kernel && flavour === 'own');
  const options = [
    ['--kernel', own?.suite ?? kernel],
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
