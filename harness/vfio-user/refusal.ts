// The errors of codec and session. One with an errno becomes an error reply.

import { HarnessError, hasCode } from '../base/errors.js';

/** The Linux errno values in error replies of this server. */
export const errno = {
  ENOENT: 2,
  EIO: 5,
  EEXIST: 17,
  EINVAL: 22,
  ENOSPC: 28,
  EOPNOTSUPP: 95,
} as const;

/** The request gets an error reply, and the connection stays open. */
export const refusal = (number: number, reason: string): HarnessError =>
  new HarnessError('PROTOCOL', { protocol: 'vfio-user', reason, errno: number });

/** The peer violated the protocol, or its version is not supported: the connection is closed. */
export const fatal = (reason: string): HarnessError =>
  new HarnessError('PROTOCOL', { protocol: 'vfio-user', reason });

/**
 * Throws PROTOCOL with EINVAL if `condition` is false. `reason` is a function, so that no text is built for
 * valid requests.
 */
export function require(condition: boolean, reason: () => string): asserts condition {
  if (!condition) throw refusal(errno.EINVAL, reason());
}

/** The errno of an error; `undefined` if it has none. */
export const errnoOf = (error: unknown): number | undefined =>
  hasCode(error, 'PROTOCOL') && typeof error.fields.errno === 'number' ? error.fields.errno : undefined;
