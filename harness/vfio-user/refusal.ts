// How the codec and the session say no: a protocol error that carries the errno for the reply.

import { HarnessError, hasCode } from '../base/errors.js';

/** Linux errno values that this server puts in error replies. */
export const errno = {
  ENOENT: 2,
  EIO: 5,
  EEXIST: 17,
  EINVAL: 22,
  ENOSPC: 28,
  EOPNOTSUPP: 95,
} as const;

/** A request that is answered with an error reply; the connection goes on. */
export const refusal = (number: number, reason: string): HarnessError =>
  new HarnessError('PROTOCOL', { protocol: 'vfio-user', reason, errno: number });

/** A peer that is out of step, or whose version we do not speak: the connection is closed. */
export const fatal = (reason: string): HarnessError =>
  new HarnessError('PROTOCOL', { protocol: 'vfio-user', reason });

/** EINVAL unless `condition` holds. `reason` is a function so that the good path builds no text. */
export function require(condition: boolean, reason: () => string): asserts condition {
  if (!condition) throw refusal(errno.EINVAL, reason());
}

/** The errno an error carries, `undefined` for one that carries none. */
export const errnoOf = (error: unknown): number | undefined =>
  hasCode(error, 'PROTOCOL') && typeof error.fields.errno === 'number' ? error.fields.errno : undefined;
