// Options of the commands that run scenarios, and how they reach the scenario processes.
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { askFor, kernelRow } from '../../images/kernels/table.js';
import { knownDrivers } from '../driver/known-drivers.js';
import { newRunDirectory, variables } from '../run/environment.js';

export const runOptions = {
  kernel: { type: 'string' },
  driver: { type: 'string' },
  'driver-description': { type: 'string' },
  qemu: { type: 'string' },
  keep: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const runOptionsUsage = `  --kernel NAME   a kernel of the table (see vmmci kernels), or dir:PATH: a kernel build tree, or unpacked packages
  --driver DIR    a Kbuild directory with vmmci-driver.json in place of the bundled driver
  --driver-description NAME
                  ${knownDrivers.map(({ name }) => name).join(', ')}, or a file, in place of vmmci-driver.json
  --qemu PATH     a QEMU of the host's in place of the tool root's
  --keep          keep the artifacts of scenarios that pass, too
`;

export interface RunChoice {
  readonly kernel?: string | undefined;
  readonly driver?: string | undefined;
  readonly 'driver-description'?: string | undefined;
  readonly qemu?: string | undefined;
  readonly keep?: boolean | undefined;
}

/** Sets this process's environment, and so that of its children, to what was chosen; resolves with the run's directory. */
export const applyRunOptions = async (choice: RunChoice): Promise<string> => {
  const { kernel, driver, 'driver-description': description, qemu, keep } = choice;
  if (kernel !== undefined) process.env[variables.kernel] = askFor(kernelRow(kernel));
  if (driver !== undefined) process.env[variables.driver] = resolve(driver);
  // What is no known driver is a file, and the scenarios run in another directory.
  if (description !== undefined)
    process.env[variables.description] = knownDrivers.some(({ name }) => name === description)
      ? description
      : resolve(description);
  if (qemu !== undefined) process.env[variables.qemu] = resolve(qemu);
  if (keep) process.env[variables.keep] = '1';
  process.env[variables.run] ??= newRunDirectory();
  const run = resolve(process.env[variables.run] ?? '');
  await mkdir(run, { recursive: true });
  return run;
};
