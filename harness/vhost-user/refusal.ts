// The errors of codec and session, by their effect on the connection.

import { HarnessError, hasCode } from '../base/errors.js';

const protocolError = (reason: string, effect: 'closed' | 'refused' | 'ignored'): HarnessError<'PROTOCOL'> =>
  new HarnessError('PROTOCOL', { protocol: 'vhost-user', reason, effect });

/** The peer violated the protocol or cannot be answered: the connection is closed. */
export const fatal = (reason: string): HarnessError<'PROTOCOL'> => protocolError(reason, 'closed');

/**
 * The request is invalid: it is refused if the protocol has a reply for that, otherwise the connection is
 * closed.
 */
export const refusal = (reason: string): HarnessError<'PROTOCOL'> => protocolError(reason, 'refused');

/**
 * The descriptor is of the wrong kind: the request is refused if the protocol has a reply for that, otherwise
 * ignored. The connection stays open.
 */
export const ignored = (reason: string): HarnessError<'PROTOCOL'> => protocolError(reason, 'ignored');

/** The effect on the connection; `undefined` for other errors. */
export const effectOf = (error: HarnessError): unknown =>
  hasCode(error, 'PROTOCOL') ? error.fields.effect : undefined;
