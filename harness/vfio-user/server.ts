// Runs a session on a real socket.

import { closeFd, isEventFd } from '../socket/descriptor.js';
import type { Connection, Descriptors } from './connection.js';
import { runSession, type ServeOptions } from './session.js';
import type { Target } from './target.js';

const realDescriptors: Descriptors = { close: closeFd, isEventFd };

/** Serves one client on a channel of harness/socket; see `runSession`. */
export const serve = (connection: Connection, target: Target, options: ServeOptions = {}): Promise<void> =>
  runSession(connection, target, realDescriptors, options);
