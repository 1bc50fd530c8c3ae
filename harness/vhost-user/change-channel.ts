// The front-end's end of the channel on which the backend notifies it.

import type { Channel } from '../socket/channel.js';
import { adoptSocket, closeFd, socketPairFds } from '../socket/descriptor.js';
import { encodeFrame, readFrame } from './frame.js';
import { u64 } from './payload.js';
import { CONFIG_CHANGE_MSG } from './requests.js';

const follow = async (channel: Channel, changed: () => void): Promise<void> => {
  for (let frame = await readFrame(channel); frame; frame = await readFrame(channel)) {
    for (const fd of frame.fds) closeFd(fd);
    const isChange = frame.request === CONFIG_CHANGE_MSG && frame.payload.length === 0;
    if (isChange) changed();
    if (frame.needReply) {
      await channel.write(encodeFrame(frame.request, u64(isChange ? 0n : 1n), { reply: true }));
    }
  }
};

/**
 * Passes one end of a new socket pair to the backend and calls `changed` for each config change that arrives
 * on the other. The channel is closed with `session`, the channel that it belongs to; a protocol violation on
 * it closes `session` too.
 */
export const offerBackChannel = async (
  offer: (fd: number) => Promise<unknown>,
  session: Channel,
  changed: () => void,
): Promise<void> => {
  const [ours, theirs] = socketPairFds();
  const channel = adoptSocket(ours, 'backend channel');
  void session.closed.then(() => channel.close());
  try {
    await offer(theirs);
  } finally {
    closeFd(theirs);
  }
  void follow(channel, changed).catch(() => session.close());
};
