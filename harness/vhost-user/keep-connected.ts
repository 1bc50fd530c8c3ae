// Keeps a connection to a backend that may die and come back.

import pRetry from 'p-retry';
import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import { connect } from '../socket/connect.js';
import { type FrontEnd, startFrontEnd } from './front-end.js';

/** About a minute of attempts: the first at once, the later ones at growing intervals of up to a second. */
const retryOptions = { retries: 60, minTimeout: 20, factor: 1.6, maxTimeout: 1000 };

export interface KeepOptions {
  readonly trace?: TraceSink;
  /** Called with each new front-end; resolves when it is in use. A rejection ends the connection. */
  readonly use: (frontEnd: FrontEnd) => Promise<void>;
}

export interface KeptConnection {
  /** Closes the connection and does not connect again. */
  close(): void;
  /** Resolves after `close`. Rejects with SOCKET_IO or PROTOCOL if a lost backend does not come back. */
  readonly done: Promise<void>;
}

const frontEndAt = async (path: string, trace: TraceSink): Promise<FrontEnd> =>
  startFrontEnd(await connect(path), { trace });

/**
 * Connects to the backend at `path` and passes the front-end to `use`, again each time that the connection
 * was lost. The first connection is attempted once, so that a wrong path is reported at once: rejects with
 * SOCKET_IO or PROTOCOL.
 */
export const keepConnected = async (
  path: string,
  { trace = noTrace, use }: KeepOptions,
): Promise<KeptConnection> => {
  const stop = new AbortController();
  let current = await frontEndAt(path, trace);
  await use(current);

  const again = async (): Promise<FrontEnd> => {
    return pRetry(() => frontEndAt(path, trace), {
      ...retryOptions,
      signal: stop.signal,
      shouldRetry: ({ error }) => error instanceof HarnessError,
      onFailedAttempt: ({ error, attemptNumber: attempt }) =>
        trace({ kind: 'vhost-user', event: 'retry', attempt, reason: error.message }),
    });
  };

  const keep = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await current.closed;
      if (stop.signal.aborted) return;
      current = await again();
      if (stop.signal.aborted) current.close();
      else await use(current);
    }
  };
  const done = keep().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  done.catch(() => {}); // the caller handles the rejection of `done`
  return {
    close: () => {
      stop.abort();
      current.close();
    },
    done,
  };
};
