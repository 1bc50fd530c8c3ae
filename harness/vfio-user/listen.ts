// The socket of the function daemon.

import { noTrace } from '../base/trace.js';
import { type ExclusiveListener, listenExclusive } from '../socket/exclusive.js';
import { serve } from './server.js';
import type { ServeOptions } from './session.js';
import type { Target } from './target.js';

/** Serves `target` at `path` to one client at a time. Rejects with the errors of `listen`. */
export const serveFunction = (
  path: string,
  target: Target,
  options: ServeOptions = {},
): Promise<ExclusiveListener> => {
  const { trace = noTrace } = options;
  return listenExclusive(
    path,
    (connection) => serve(connection, target, options),
    (event, error) =>
      trace({ kind: 'vfio-user', event, reason: error instanceof Error ? error.stack : undefined }),
  );
};
