// A socket that serves one peer at a time, and any number in succession.

import type { Channel } from './channel.js';
import { listen } from './listen.js';

export interface ExclusiveListener {
  readonly path: string;
  /** Stops listening, closes the connection of the peer, and resolves when its session has ended. */
  close(): Promise<void>;
}

/**
 * Listens on `path` and runs `serve` for one peer at a time. A second peer is disconnected at once, unless
 * the first has left already: then it waits until the session of the first has ended. `report` gets that
 * event, and the error of a session that failed. Rejects with the errors of `listen`.
 */
export const listenExclusive = async (
  path: string,
  serve: (channel: Channel) => Promise<void>,
  report: (event: 'busy' | 'failed', error?: unknown) => void,
): Promise<ExclusiveListener> => {
  let current: { channel: Channel; done: Promise<void> } | undefined;
  let open = true;

  const admit = async (channel: Channel): Promise<void> => {
    // A peer that was unplugged and plugged again connects before the messages of its old connection are
    // handled.
    while (current?.channel.hasPeerLeft) await current.done;
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
