// The yardstick: a server that gives back what it gets.

import type { Channel } from '../socket/channel.js';
import { listen } from '../socket/listen.js';

const echo = async (channel: Channel, size: number): Promise<void> => {
  for (;;) {
    const message = await channel.read(size, 'later');
    if (message === null) break;
    await channel.write(message.data);
  }
  channel.close();
};

/** Listens at `path` and echoes messages of `size` bytes. */
export const listenEcho = async (path: string, size: number): Promise<void> => {
  await listen(path, (channel) => void echo(channel, size));
};
