// The socket of the backend daemon.

import { noTrace } from '../base/trace.js';
import { type ExclusiveListener, listenExclusive } from '../socket/exclusive.js';
import { type BackendOptions, BackendSession } from './backend.js';
import type { BackendDevice } from './device.js';

/** Serves `device` at `path` to one front-end at a time. Rejects with the errors of `listen`. */
export const listenBackend = (
  path: string,
  device: BackendDevice,
  options: BackendOptions = {},
): Promise<ExclusiveListener> => {
  const { trace = noTrace } = options;
  return listenExclusive(
    path,
    (channel) => new BackendSession(channel, device, options).run(),
    (event, error) =>
      trace({ kind: 'vhost-user', event, reason: error instanceof Error ? error.stack : undefined }),
  );
};
