// Descriptors that arrive with messages: what kind they are, and the few things done with them.

import { readlinkSync } from 'node:fs';
import { closeFd, eventFd, isWritable, socketPairFds, writeFd } from '../host/libc.js';
import { Channel } from './channel.js';

export { closeFd, eventFd, socketPairFds };

const kind = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);

/** What a peer passed as an interrupt trigger must be one of these before it is written to. */
export const isEventFd = (fd: number): boolean => kind(fd) === 'anon_inode:[eventfd]';

export const isSocket = (fd: number): boolean => kind(fd).startsWith('socket:');

const one = Buffer.alloc(8);
one.writeBigUInt64LE(1n);

/** Adds 1 to the counter. False when the counter is full: the signal is pending already, so none is lost. */
export const signalEventFd = (fd: number): boolean => isWritable(fd) && writeFd(fd, one) === 8;

/** Two connected channels of one process. */
export const socketPair = (): [Channel, Channel] => {
  const [left, right] = socketPairFds();
  return [new Channel(left, 'socketpair'), new Channel(right, 'socketpair')];
};

/** Takes over a socket that came as a descriptor; `name` is what messages call it. */
export const adoptSocket = (fd: number, name: string): Channel => new Channel(fd, name);
