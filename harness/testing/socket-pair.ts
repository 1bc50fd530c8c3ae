// Two connected channels.

import { Channel } from '../socket/channel.js';
import { socketPairFds } from '../socket/descriptor.js';

/** Returns two connected channels. */
export const socketPair = (): [Channel, Channel] => {
  const [left, right] = socketPairFds();
  return [new Channel(left, 'socketpair'), new Channel(right, 'socketpair')];
};
