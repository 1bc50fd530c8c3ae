// Prints an error on one line: what happened, where, what to do next, and the code. --debug adds the stack.

import { inspect } from 'node:util';
import { HarnessError } from '../base/errors.js';
import { asHostError } from '../base/host-error.js';
import { shortenMiddle } from '../base/text.js';
import { messageOf } from '../base/thrown.js';
import { note } from './print.js';

/**
 * 1: the driver failed; 2: the command line or a file of the user is wrong; 3: the harness, host or QEMU is
 * broken.
 */
export const statusOf = { failed: 1, usage: 2, broken: 3 } as const;

/** Converts an unexpected error: a system error to HOST, any other to INTERNAL. */
const asHarnessError = (error: unknown, what?: string): HarnessError => {
  if (error instanceof HarnessError) return error;
  const message = what === undefined ? messageOf(error) : `${what}: ${messageOf(error)}`;
  return asHostError(error, message) ?? new HarnessError('INTERNAL', { message }, error);
};

/**
 * The maximum length of a line of an error; a name in it may be as long as the caller of the command made it.
 */
const maxLineLength = 600;

/** Shortens each line of an error message. */
export const boundedMessage = (message: string): string =>
  message
    .split('\n')
    .map((line) => shortenMiddle(line, maxLineLength))
    .join('\n');

export interface ReportedError {
  readonly error: unknown;
  /** The operation that failed, if the error does not name it. */
  readonly what?: string;
  readonly debug?: boolean;
}

/** Prints the error and returns the exit status. `name` is the command. */
export const reportError = (name: string, { error, what, debug = false }: ReportedError): number => {
  const reported = asHarnessError(error, what);
  note(`${name}: ${boundedMessage(reported.message)} [${reported.code}]`);
  if (debug) note(inspect(error));
  return statusOf[reported.blame];
};
