// Prints an error on one line: what happened, where, what to do next, and the code. --debug adds the stack.

import { inspect } from 'node:util';
import { HarnessError } from '../base/errors.js';
import { shortenMiddle } from '../base/text.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { note } from './print.js';

/**
 * 1: the driver failed; 2: the command line or a file of the user is wrong; 3: the harness, host or QEMU is
 * broken.
 */
export const statusOf = { failed: 1, usage: 2, broken: 3 } as const;

/** The next step after a system error (errno(3)). */
const nextSteps: Readonly<Record<string, string>> = {
  EACCES: 'check the permissions of that path, and that its file system allows programs to run',
  EPERM: 'check the permissions of that path, and what this user may do on this host',
  EROFS: 'use a directory on a writable file system',
  ENOSPC: 'free some space, or use a directory on another file system',
  EDQUOT: 'free some of your quota, or use a directory on another file system',
  ENOENT: 'check that the path exists, or install the program of that name',
  ENOTDIR: 'use a path whose parents are directories',
  EISDIR: 'use the path of a file',
  EEXIST: 'use another path, or remove what is there',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'raise the limit of open files of this host (sysctl fs.file-max)',
  ENOMEM: 'free some memory, or run fewer guests in parallel (--jobs)',
  ENAMETOOLONG: 'use a shorter path',
  ELOOP: 'check the symbolic links of that path',
  ETXTBSY: 'wait until no program runs from that file',
  EIO: 'check the disk, and the messages of the kernel of this host',
  ENXIO: 'use the path of a file',
  EAGAIN: 'raise the limit of processes (ulimit -u), or run fewer guests in parallel (--jobs)',
};

/** Converts an unexpected error: a system error to HOST, any other to INTERNAL. */
const asHarnessError = (error: unknown, what?: string): HarnessError => {
  if (error instanceof HarnessError) return error;
  const message = what === undefined ? messageOf(error) : `${what}: ${messageOf(error)}`;
  const next = nextSteps[systemCode(error) ?? ''];
  return next === undefined
    ? new HarnessError('INTERNAL', { message }, error)
    : new HarnessError('HOST', { message, next }, error);
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
