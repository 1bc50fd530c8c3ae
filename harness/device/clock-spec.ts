// Resolves a clock as users specify it, in which a script is the name of a file.

import { HarnessError } from '../base/errors.js';
import { readNamedInput } from '../base/read-input.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { clockForms, parseClock } from '../vmmci/clock.js';

const SCRIPTED = 'scripted:';

/**
 * Replaces the name of a script file by the script itself. The result needs no other file, so it can be sent
 * to another process. Throws CLOCK_SPEC for an invalid clock.
 */
export const resolveClock = (spec: string, option = '--clock'): string => {
  const path = spec.startsWith(SCRIPTED) ? spec.slice(SCRIPTED.length) : '{';
  let resolved = spec;
  if (!path.trimStart().startsWith('{')) {
    try {
      resolved = SCRIPTED + readNamedInput(path);
    } catch (error) {
      const reason = `${path} cannot be read: ${systemCode(error) ?? messageOf(error)}`;
      throw new HarnessError('CLOCK_SPEC', { option, reason, valid: clockForms }, error);
    }
  }
  parseClock(resolved, () => 0n, option);
  return resolved;
};
