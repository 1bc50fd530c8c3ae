// Options of the commands that make a device, and the checks that name them.
import { HarnessError } from '../base/errors.js';
import { type StalePolicy, stalePolicies } from '../pci/stale.js';
import { checkSocketPath } from '../socket/path.js';
import { parseClock } from '../vmmci/clock.js';
import {
  DEFAULT_GENERATION,
  type GenerationName,
  generationNames,
  isGenerationName,
} from '../vmmci/generations.js';

const wrong = (option: string, value: string, valid: readonly string[]): HarnessError =>
  new HarnessError('USAGE', { reason: `${option}: '${value}' is not one of ${valid.join(', ')}` });

export const generationOption = (value: string = DEFAULT_GENERATION): GenerationName => {
  if (!isGenerationName(value)) throw wrong('--generation', value, generationNames);
  return value;
};

export const staleOption = (value = 'repeat'): StalePolicy => {
  const policy = stalePolicies.find((name) => name === value);
  if (policy === undefined) throw wrong('--stale', value, stalePolicies);
  return policy;
};

/** Checked here, read again where the clock is made: nothing may listen when it is wrong. */
export const clockOption = (value = 'running'): string => {
  parseClock(value, () => 0n);
  return value;
};

/** A path that a socket can have; `undefined` only where the option may be left out. */
export const socketOption = <T extends string | undefined>(option: string, value: T, needed: boolean): T => {
  if (value === undefined && needed) throw new HarnessError('USAGE', { reason: `${option} PATH is missing` });
  if (value !== undefined) checkSocketPath(value);
  return value;
};
