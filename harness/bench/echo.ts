// The baseline: a server that echoes what it receives.

import type { Channel } from '../socket/channel.js';
import { listen } from '../socket/listen.js';

const noBody = (): number => 0;

const echo = async (channel: Channel, size: number): Promise<void> => {
  for (;;) {
    const message = await channel.readMessage(size, noBody);
    if (message === null) break;
    await channel.write(message.header);
  }
  channel.close();
};

/** Listens at `path` and echoes messages of `size` bytes. */
export const listenEcho = async (path: string, size: number): Promise<void> => {
  await listen(path, (channel) => void echo(channel, size));
};
