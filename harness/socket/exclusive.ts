// A socket that serves one peer at a time, and any number in succession.

import { setImmediate } from 'node:timers/promises';
import type { Channel } from './channel.js';
import { listen } from './listen.js';

export interface ExclusiveListener {
  readonly path: string;
  /** Stops listening, closes the connection of the peer, and resolves when its session has ended. */
  close(): Promise<void>;
}

/**
 * How many turns of the event loop a second peer waits for the end of the first: a peer that was unplugged
 * and plugged again connects in the same turn in which the end of its old connection is seen.
 */
const graceTurns = 8;

/**
 * Listens on `path` and runs `serve` for one peer at a time. A second peer is disconnected at once. `report`
 * gets that event, and the error of a session that failed. Rejects with the errors of `listen`.
 */
export const listenExclusive = async (
  path: string,
  serve: (channel: Channel) => Promise<void>,
  report: (event: 'busy' | 'failed', error?: unknown) => void,
): Promise<ExclusiveListener> => {
  let current: { channel: Channel; done: Promise<void> } | undefined;
  let open = true;

  const admit = async (channel: Channel): Promise<void> => {
    for (let turn = 0; current && turn < graceTurns; turn++) await setImmediate();
    if (current || !open) {
      if (open) report('busy');
      channel.close();
      return;
    }
    // An error here is a bug of ours. It ends the session of this peer, but not the process, which others
    // use.
    const done = serve(channel)
      .catch((error: unknown) => {
        report('failed', error);
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
