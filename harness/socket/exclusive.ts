// A socket that serves one peer at a time, any number one after the other.

import { setImmediate } from 'node:timers/promises';
import type { Channel } from './channel.js';
import { listen } from './listen.js';

export interface ExclusiveListener {
  readonly path: string;
  /** Stops listening, ends the peer's connection and resolves once its session is over. */
  close(): Promise<void>;
}

/**
 * Turns of the event loop that a second peer waits for the first to be gone: a peer that was unplugged and
 * plugged again connects in the same turn in which the end of its old connection is seen.
 */
const graceTurns = 8;

/**
 * Listens on `path` and runs `serve` for a peer. A second one is closed at once and the first not
 * disturbed; `tell` hears of it, and of a session that failed with what it threw. Rejects as `listen` does.
 */
export const listenExclusive = async (
  path: string,
  serve: (channel: Channel) => Promise<void>,
  tell: (event: 'busy' | 'failed', error?: unknown) => void,
): Promise<ExclusiveListener> => {
  let current: { channel: Channel; done: Promise<void> } | undefined;
  let open = true;

  const admit = async (channel: Channel): Promise<void> => {
    for (let turn = 0; current && turn < graceTurns; turn++) await setImmediate();
    if (current || !open) {
      if (open) tell('busy');
      channel.close();
      return;
    }
    // What is thrown here is a defect of ours; it ends this peer's session, not the process that others use.
    const done = serve(channel)
      .catch((error: unknown) => {
        tell('failed', error);
        channel.close();
      })
      .finally(() => {
        current = undefined;
      });
    current = { channel, done };
    await done;
  };

  const listener = await listen(path, (channel) => void admit(channel));
  return {
    path: listener.path,
    close: async () => {
      open = false;
      listener.close();
      const last = current;
      last?.channel.close();
      await last?.done;
    },
  };
};
