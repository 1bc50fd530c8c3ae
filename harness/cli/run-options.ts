// Options of the commands that run scenarios, and their conversion to a choice.

import { resolve } from 'node:path';
import { asset } from '../../images/asset.js';
import { askFor, defaultKernelName, kernelRow } from '../../images/kernels/table.js';
import { HarnessError } from '../base/errors.js';
import { shorten } from '../base/text.js';
import { levels } from '../diagnosis/requirements.js';
import { knownDrivers } from '../driver/known-drivers.js';
import type { Choice, SharedChoice } from '../run/choice.js';
import { claimRunDirectory, newRunDirectory } from '../run/run-directory.js';
import { defaultGeneration, generationNames } from '../vmmci/generations.js';
import { count, flag, oneOf, type Read, type Values, value } from './option.js';

const absolute: Read<string> = (path) => resolve(path);

/** Makes the path in a kernel name absolute. */
export const kernelName: Read<string> = (name) => askFor(kernelRow(name));

/**
 * Linux takes 2047 characters on x86 (COMMAND_LINE_SIZE), and the guest's own parameters need some of them.
 */
const maxParameters = 1024;

/** Printable words with a space between each two. */
const kernelParameters: Read<string> = (text, name) => {
  if (text.length <= maxParameters && /^[!-~]+( [!-~]+)*$/.test(text)) return text;
  throw new HarnessError('INVALID_VALUE', {
    name,
    expected: `at most ${maxParameters} characters: printable ASCII words with one space between two`,
    value: shorten(text, 100),
  });
};

/** The options that the matrix has too. */
export const sharedOptions = {
  'kernel-parameters': value('TEXT', 'more parameters for the kernel of the guest, such as slub_debug=FZPU', {
    read: kernelParameters,
    variable: 'VMMCI_KERNEL_PARAMETERS',
  }),
  driver: value('DIR', 'a Kbuild directory with vmmci-driver.json', {
    shown: 'the bundled driver',
    variable: 'VMMCI_DRIVER',
  }),
  'driver-description': value(
    'NAME',
    `a known driver (${knownDrivers.map(({ name }) => name).join(', ')}), or a file to use instead of vmmci-driver.json`,
    {
      // Any other name is a file.
      read: (name) => (knownDrivers.some((known) => known.name === name) ? name : resolve(name)),
      variable: 'VMMCI_DRIVER_DESCRIPTION',
    },
  ),
  scenarios: value('DIR', 'also run your own scenarios: files named *.scenario.ts or .js below DIR', {
    read: absolute,
  }),
  qemu: value('PATH', 'a QEMU of the host', {
    read: absolute,
    shown: "the tool root's",
    variable: 'VMMCI_QEMU',
  }),
  level: value('LEVEL', `lowest level of requirements that fails a scenario: ${levels.join(', ')}`, {
    read: oneOf(levels),
    shown: 'that of vmmci-driver.json, or should',
    variable: 'VMMCI_LEVEL',
  }),
  keep: flag('also keep the artifacts of scenarios that pass', { variable: 'VMMCI_KEEP' }),
};

export const output = value('DIR', 'write artifacts to DIR, which must be empty or missing', {
  read: absolute,
  shown: 'runs/<time>',
  variable: 'VMMCI_RUN',
});

export const runOptions = {
  kernel: value(
    'NAME',
    'a kernel of the table (see vmmci kernels), or dir:PATH, a kernel build tree or unpacked packages',
    { read: kernelName, fallback: defaultKernelName, variable: 'VMMCI_KERNEL' },
  ),
  ...sharedOptions,
  generation: value('NAME', `emulate the vmd of this OpenBSD release: ${generationNames.join(', ')}`, {
    read: oneOf(generationNames),
    fallback: defaultGeneration,
    variable: 'VMMCI_GENERATION',
  }),
  output,
};

export const jobs = value('N', 'run N guests in parallel', {
  read: count(99),
  shown: 'from CPUs and free memory',
});

export const sharedChoice = ({
  'kernel-parameters': kernelParameters,
  driver,
  'driver-description': description,
  scenarios,
  qemu,
  level,
  keep,
}: Values<typeof sharedOptions>): SharedChoice => ({
  kernelParameters,
  driver: driver === undefined ? asset('driver') : resolve(driver),
  description,
  scenarios,
  qemu,
  level,
  keep,
});

/** `run` is the run directory. */
export const choiceIn = (run: string, values: Values<typeof runOptions>): Choice => ({
  ...sharedChoice(values),
  kernel: values.kernel,
  generation: values.generation,
  run,
});

/** Also creates the run directory. Throws RUN_DIRECTORY. */
export const choiceOf = (values: Values<typeof runOptions>): Choice =>
  choiceIn(values.output === undefined ? newRunDirectory() : claimRunDirectory(values.output), values);
