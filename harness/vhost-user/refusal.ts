// How codec and session say no.

import { HarnessError, hasCode } from '../base/errors.js';

const protocolError = (reason: string, effect: 'closed' | 'refused' | 'ignored'): HarnessError<'PROTOCOL'> =>
  new HarnessError('PROTOCOL', { protocol: 'vhost-user', reason, effect });

/** The peer is out of step or cannot be answered: the connection is closed. */
export const fatal = (reason: string): HarnessError<'PROTOCOL'> => protocolError(reason, 'closed');

/**
 * A request that is wrong in itself: refused where the protocol has a way to say so, else the connection is
 * closed.
 */
export const refusal = (reason: string): HarnessError<'PROTOCOL'> => protocolError(reason, 'refused');

/** A descriptor of the wrong kind: refused, and ignored where no answer is possible; the connection lives. */
export const ignored = (reason: string): HarnessError<'PROTOCOL'> => protocolError(reason, 'ignored');

/** What becomes of the connection: one of the three above; `undefined` for an error of another kind. */
export const effectOf = (error: HarnessError): unknown =>
  hasCode(error, 'PROTOCOL') ? error.fields.effect : undefined;
