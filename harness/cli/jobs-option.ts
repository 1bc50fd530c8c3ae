import { HarnessError } from '../base/errors.js';

/** The value of `--jobs`; undefined when it was not given. USAGE for what is no number from 1 to 99. */
export const jobsOption = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(value))
    throw new HarnessError('USAGE', { reason: `--jobs: '${value}' is not a number from 1 to 99` });
  return Number(value);
};
