// A backend may die and come back; whoever needs one is given each new front-end until it has had enough.

import pRetry from 'p-retry';
import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import { connect } from '../socket/connect.js';
import { type FrontEnd, startFrontEnd } from './front-end.js';

/** About a minute of tries: at once, then ever slower, a second apart at most. */
const tries = { retries: 60, minTimeout: 20, factor: 1.6, maxTimeout: 1000 };

export interface KeepOptions {
  readonly trace?: TraceSink;
  /** Resolves once the front-end is in use. A rejection ends the keeping. */
  readonly use: (frontEnd: FrontEnd) => Promise<void>;
}

export interface Keeper {
  /** Connects no more and closes what is connected. */
  close(): void;
  /** Resolves after `close`; rejects with SOCKET_IO or PROTOCOL when a backend that went away stayed away. */
  readonly done: Promise<void>;
}

const frontEndAt = async (path: string, trace: TraceSink): Promise<FrontEnd> =>
  startFrontEnd(await connect(path), { trace });

/**
 * Connects to the backend at `path`, hands the front-end to `use`, and does so again each time the connection
 * ends. The first connection has one try, so that a wrong path is told at once: it rejects with SOCKET_IO or
 * PROTOCOL.
 */
export const keepConnected = async (path: string, { trace = noTrace, use }: KeepOptions): Promise<Keeper> => {
  const stop = new AbortController();
  let current = await frontEndAt(path, trace);
  await use(current);

  const again = async (): Promise<FrontEnd> => {
    return pRetry(() => frontEndAt(path, trace), {
      ...tries,
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
  done.catch(() => {}); // whoever awaits `done` has the rejection
  return {
    close: () => {
      stop.abort();
      current.close();
    },
    done,
  };
};
