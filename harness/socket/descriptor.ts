// Checks and uses descriptors that arrive with messages.

import { readlinkSync } from 'node:fs';
import { closeFd, eventFd, isWritable, readFdNow, socketPairFds, writeFd } from '../host/libc.js';
import { Channel } from './channel.js';

export { closeFd, eventFd, socketPairFds };

const kind = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);

/** True if the descriptor is an eventfd. Check it before a signal is written to a descriptor of a peer. */
export const isEventFd = (fd: number): boolean => kind(fd) === 'anon_inode:[eventfd]';

export const isSocket = (fd: number): boolean => kind(fd).startsWith('socket:');

const one = Buffer.alloc(8);
one.writeBigUInt64LE(1n);

/** Adds 1 to the counter. Returns false if the counter is full; then a signal is pending, so none is lost. */
export const signalEventFd = (fd: number): boolean => isWritable(fd) && writeFd(fd, one) === 8;

const counter = Buffer.allocUnsafeSlow(8);

/** Takes back all signals that the peer has not read yet. Returns false if there are none. */
export const withdrawEventFd = (fd: number): boolean => readFdNow(fd, counter) === 8;

/** Takes ownership of a received socket. `name` is for messages. */
export const adoptSocket = (fd: number, name: string): Channel => new Channel(fd, name);
