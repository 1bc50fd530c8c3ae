// How codec and session say no.
import { type ErrorFields, HarnessError } from '../base/errors.js';

const protocolError = (reason: string, effect: ErrorFields): HarnessError =>
  new HarnessError('PROTOCOL', { protocol: 'vhost-user', reason, ...effect });

/** The peer is out of step or cannot be answered: the connection is closed. */
export const fatal = (reason: string): HarnessError => protocolError(reason, { effect: 'closed' });

/** A request that is wrong in itself: refused where the protocol has a way to say so, else the connection is closed. */
export const refusal = (reason: string): HarnessError => protocolError(reason, { effect: 'refused' });

/** A descriptor of the wrong kind: refused, and ignored where no answer is possible; the connection lives. */
export const ignored = (reason: string): HarnessError => protocolError(reason, { effect: 'ignored' });
