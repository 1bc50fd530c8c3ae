// Options of the commands that run scenarios, and how they reach the scenario processes.
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { askFor, defaultKernelName, kernelRow } from '../../images/kernels/table.js';
import { knownDrivers } from '../driver/known-drivers.js';
import { newRunDirectory, variables } from '../run/environment.js';
import { count, flag, value } from './option.js';

export const runOptions = {
  kernel: value(
    'NAME',
    'a kernel of the table (see vmmci kernels), or dir:PATH: a kernel build tree, or unpacked packages',
    {
      shown: defaultKernelName,
    },
  ),
  driver: value('DIR', 'a Kbuild directory with vmmci-driver.json', { shown: 'the bundled driver' }),
  'driver-description': value(
    'NAME',
    `a known driver's (${knownDrivers.map(({ name }) => name).join(', ')}), or a file, in place of vmmci-driver.json`,
  ),
  qemu: value('PATH', "a QEMU of the host's", { shown: "the tool root's" }),
  keep: flag('keep the artifacts of scenarios that pass, too'),
};

export const jobs = value('N', 'run N guests in parallel', {
  read: count(99),
  shown: 'from CPUs and free memory',
});

/** What is no known driver is a file, and the scenarios run in another directory. */
export const describedBy = (description: string): string =>
  knownDrivers.some(({ name }) => name === description) ? description : resolve(description);

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
  if (description !== undefined) process.env[variables.description] = describedBy(description);
  if (qemu !== undefined) process.env[variables.qemu] = resolve(qemu);
  if (keep) process.env[variables.keep] = '1';
  process.env[variables.run] ??= newRunDirectory();
  const run = resolve(process.env[variables.run] ?? '');
  await mkdir(run, { recursive: true });
  return run;
};
