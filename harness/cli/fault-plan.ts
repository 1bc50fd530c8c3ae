// Reads a fault plan from the command line.

import { HarnessError } from '../base/errors.js';
import { readNamedInput } from '../base/read-input.js';
import { messageOf, systemCode } from '../base/thrown.js';
import type { FaultPlan } from '../faults/fault.js';
import { parseFaultPlan } from '../faults/parse.js';

/** The accepted forms of a fault plan, for help and messages. */
export const faultForms = 'a JSON file, JSON such as {"faults":[{"kind":"delay","ms":100}]}, or off';

const refuse = (where: string, problem: string): never => {
  throw new HarnessError('FAULT_PLAN', { where, reason: `${problem}; valid: ${faultForms}` });
};

const contentOf = (path: string): string => {
  try {
    return readNamedInput(path);
  } catch (error) {
    return refuse(path, `cannot be read (${systemCode(error) ?? messageOf(error)})`);
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return refuse('the text', messageOf(error));
  }
};

/** Returns `null` for `off`. Throws FAULT_PLAN if the plan is invalid. */
export const readFaultPlan = (word: string): FaultPlan | null =>
  word === 'off'
    ? null
    : parseFaultPlan(parseJson(word.trimStart().startsWith('{') ? word : contentOf(word)));
