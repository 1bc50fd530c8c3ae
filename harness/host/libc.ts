// The only user of koffi: the system calls that Node lacks, for sockets with descriptors and for the clock.
// For Linux on 64-bit little-endian machines; struct layouts and constants are those of x86-64 and arm64.
// `koffi.node.poll` is undocumented ("may change"), so koffi is pinned to one version and used nowhere else.

import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { HarnessError } from '../base/errors.js';

const libc = koffi.load(null);
const calls = {
  accept4: libc.func('int accept4(int, void *, void *, int)'),
  bind: libc.func('int bind(int, const void *, uint32_t)'),
  clock_gettime: libc.func('int clock_gettime(int, void *)'),
  close: libc.func('int close(int)'),
  connect: libc.func('int connect(int, const void *, uint32_t)'),
  eventfd: libc.func('int eventfd(unsigned int, int)'),
  getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)'),
  listen: libc.func('int listen(int, int)'),
  poll: libc.func('int poll(void *, unsigned long, int)'),
  preadv2: libc.func('intptr_t preadv2(int, const void *, int, int64_t, int)'),
  recvmsg: libc.func('intptr_t recvmsg(int, void *, int)'),
  sendmsg: libc.func('intptr_t sendmsg(int, const void *, int)'),
  socket: libc.func('int socket(int, int, int)'),
  socketpair: libc.func('int socketpair(int, int, int, void *)'),
  write: libc.func('intptr_t write(int, const void *, size_t)'),
};

const AF_UNIX = 1;
const SOCK_STREAM_FLAGS = 1 | 0o4000 | 0o2000000; // SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
const ACCEPT_FLAGS = 0o4000 | 0o2000000;
const EVENTFD_FLAGS = 0o4000 | 0o2000000; // EFD_NONBLOCK | EFD_CLOEXEC
const MSG_CTRUNC = 0x8;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SO_PEERCRED = 17;
const CMSG_HEADER = 16;

/** More descriptors than a message of either protocol may carry (both allow 8). */
export const maxDescriptors = 16;

const EINTR = 4;
const EAGAIN = 11;

/** The name of an errno. EAGAIN is not looked up, because every idle socket returns it. */
const nameOf = (errno: number): string => (errno === EAGAIN ? 'EAGAIN' : getSystemErrorName(-errno));

/** The result of a non-blocking call: a count or descriptor on success, otherwise the name of the errno. */
export type CallResult = number | string;

const retry = (call: () => number): CallResult => {
  for (;;) {
    const result = Number(call());
    if (result >= 0) return result;
    const errno = koffi.errno();
    if (errno !== EINTR) return nameOf(errno);
  }
};

/**
 * A `struct msghdr` with one buffer and space for descriptors. Calls are synchronous, so one per direction is
 * enough. Lengths are 64 bits wide but far below 2^32, so later writes change only their low halves.
 */
const messageHeader = (size: number) => {
  const data = Buffer.allocUnsafeSlow(size);
  const control = Buffer.allocUnsafeSlow(CMSG_HEADER + 4 * maxDescriptors);
  const iov = Buffer.allocUnsafeSlow(16).fill(0);
  const message = Buffer.allocUnsafeSlow(56).fill(0);
  iov.writeBigUInt64LE(BigInt(koffi.address(data)), 0);
  message.writeBigUInt64LE(BigInt(koffi.address(iov)), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(BigInt(koffi.address(control)), 32);
  return { data, control, iov, message };
};

const bufferSize = 64 * 1024;
const incoming = messageHeader(bufferSize);
const outgoing = messageHeader(bufferSize);

const noDescriptors: readonly number[] = [];

const descriptorsIn = (control: Buffer, length: number): readonly number[] => {
  if (length === 0) return noDescriptors;
  const fds: number[] = [];
  for (let at = 0; at + CMSG_HEADER <= length; ) {
    const size = Number(control.readBigUInt64LE(at));
    if (size < CMSG_HEADER || at + size > length) break;
    if (control.readInt32LE(at + 8) === SOL_SOCKET && control.readInt32LE(at + 12) === SCM_RIGHTS) {
      for (let fd = at + CMSG_HEADER; fd + 4 <= at + size; fd += 4) fds.push(control.readInt32LE(fd));
    }
    at += (size + 7) & ~7;
  }
  return fds;
};

/**
 * Copies small amounts byte by byte: `Buffer.copy` of a part creates an object, and most messages are too
 * small for that.
 */
const copy = (source: Buffer, target: Buffer, offset: number, count: number): void => {
  if (count > 64) source.copy(target, offset, 0, count);
  else for (let at = 0; at < count; at++) target[offset + at] = source[at] as number;
};

/** The result of one `recvmsg`. `truncated`: the peer sent more descriptors than there was space for. */
export interface Received {
  count: CallResult;
  fds: readonly number[];
  truncated: boolean;
}

/**
 * Receives at most `length` bytes into `target` at `offset`, without blocking. A count of 0 is the end of the
 * stream.
 */
export const receive = (fd: number, target: Buffer, offset: number, length: number): Received => {
  const limit = Math.min(length, bufferSize);
  incoming.iov.writeUInt32LE(limit, 8);
  incoming.message.writeUInt32LE(incoming.control.length, 40);
  const count = retry(() => calls.recvmsg(fd, incoming.message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
  if (typeof count !== 'number') return { count, fds: noDescriptors, truncated: false };
  copy(incoming.data, target, offset, count);
  const fds = descriptorsIn(incoming.control, incoming.message.readUInt32LE(40));
  return { count, fds, truncated: (incoming.message.readInt32LE(48) & MSG_CTRUNC) !== 0 };
};

/**
 * Sends as much of `data` from `offset` on as the socket accepts, without blocking. `fds` (at most
 * `maxDescriptors`) go with the first byte.
 */
export const send = (fd: number, data: Buffer, offset: number, fds: readonly number[]): CallResult => {
  const count = data.copy(outgoing.data, 0, offset, Math.min(data.length, offset + bufferSize));
  outgoing.iov.writeUInt32LE(count, 8);
  const controlLength = fds.length === 0 ? 0 : CMSG_HEADER + 4 * fds.length;
  outgoing.message.writeUInt32LE((controlLength + 7) & ~7, 40);
  if (fds.length > 0) {
    outgoing.control.fill(0);
    outgoing.control.writeBigUInt64LE(BigInt(controlLength), 0);
    outgoing.control.writeInt32LE(SOL_SOCKET, 8);
    outgoing.control.writeInt32LE(SCM_RIGHTS, 12);
    fds.forEach((value, index) => void outgoing.control.writeInt32LE(value, CMSG_HEADER + 4 * index));
  }
  return retry(() => calls.sendmsg(fd, outgoing.message, MSG_NOSIGNAL | MSG_DONTWAIT));
};

/** Size of `sun_path` in bytes, without the terminating NUL. */
export const maxPathBytes = 107;

const address = (path: string): Buffer => {
  const bytes = Buffer.from(path);
  const sockaddr = Buffer.alloc(2 + maxPathBytes + 1);
  sockaddr.writeUInt16LE(AF_UNIX, 0);
  bytes.copy(sockaddr, 2);
  return sockaddr;
};

const expectSuccess = (call: string, path: string, result: CallResult): number => {
  if (typeof result === 'number') return result;
  throw new HarnessError('SOCKET_IO', { call, path, errno: result });
};

export const streamSocket = (path: string): number =>
  expectSuccess(
    'socket',
    path,
    retry(() => calls.socket(AF_UNIX, SOCK_STREAM_FLAGS, 0)),
  );

export const bindTo = (fd: number, path: string): CallResult => {
  const sockaddr = address(path);
  return retry(() => calls.bind(fd, sockaddr, sockaddr.length));
};

export const listenOn = (fd: number, path: string, backlog: number): number =>
  expectSuccess(
    'listen',
    path,
    retry(() => calls.listen(fd, backlog)),
  );

export const connectTo = (fd: number, path: string): CallResult => {
  const sockaddr = address(path);
  return retry(() => calls.connect(fd, sockaddr, sockaddr.length));
};

/** The process that called listen(2) for the peer of a connected socket; 0 if it is in another namespace. */
export const listeningProcess = (fd: number, path: string): number => {
  const credentials = Buffer.alloc(12); // struct ucred: process, user and group
  const length = Buffer.from(Uint32Array.of(credentials.length).buffer);
  expectSuccess(
    'getsockopt',
    path,
    retry(() => calls.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length)),
  );
  return credentials.readInt32LE(0);
};

export const acceptFrom = (fd: number): CallResult =>
  retry(() => calls.accept4(fd, null, null, ACCEPT_FLAGS));

/**
 * Closes a descriptor. Throws on EBADF, which means that somebody closed a descriptor that they did not own.
 */
export const closeFd = (fd: number): void => {
  // close(2) is not retried on EINTR, because Linux has already freed the number.
  if (calls.close(fd) !== 0 && nameOf(koffi.errno()) === 'EBADF') {
    throw new HarnessError('SOCKET_IO', { call: 'close', path: `descriptor ${fd}`, errno: 'EBADF' });
  }
};

export const eventFd = (): number =>
  expectSuccess(
    'eventfd',
    'eventfd',
    retry(() => calls.eventfd(0, EVENTFD_FLAGS)),
  );

export const socketPairFds = (): [number, number] => {
  const pair = Buffer.alloc(8);
  expectSuccess(
    'socketpair',
    'socketpair',
    retry(() => calls.socketpair(AF_UNIX, SOCK_STREAM_FLAGS, 0, pair)),
  );
  return [pair.readInt32LE(0), pair.readInt32LE(4)];
};

export const writeFd = (fd: number, data: Buffer): CallResult =>
  retry(() => calls.write(fd, data, data.length));

const RWF_NOWAIT = 8;

/** Reads what is there, also from a blocking descriptor. Returns EAGAIN if there is nothing. */
export const readFdNow = (fd: number, target: Buffer): CallResult => {
  const iov = Buffer.allocUnsafeSlow(16);
  iov.writeBigUInt64LE(BigInt(koffi.address(target)), 0);
  iov.writeBigUInt64LE(BigInt(target.length), 8);
  return retry(() => calls.preadv2(fd, iov, 1, -1, RWF_NOWAIT));
};

const POLLOUT = 4;
const POLLHUP = 16;

/** Which of these events poll(2) reports at once. POLLHUP is always reported. */
const pollNow = (fd: number, events: number): number => {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(events, 4);
  return retry(() => calls.poll(entry, 1, 0)) === 1 ? entry.readInt16LE(6) & (events | POLLHUP) : 0;
};

/** True if a write would not block. A descriptor from a peer may be a blocking one. */
export const isWritable = (fd: number): boolean => (pollNow(fd, POLLOUT) & POLLOUT) !== 0;

/** True if the peer of a stream socket has closed it, even if its last bytes were not read yet. */
export const hasHungUp = (fd: number): boolean => pollNow(fd, 0) === POLLHUP;

const CLOCK_REALTIME = 0;
const timespec = Buffer.alloc(16);

/** CLOCK_REALTIME in nanoseconds since the epoch. */
export const realTime = (): bigint => {
  if (calls.clock_gettime(CLOCK_REALTIME, timespec) !== 0)
    throw new HarnessError('SOCKET_IO', {
      call: 'clock_gettime',
      path: 'CLOCK_REALTIME',
      errno: nameOf(koffi.errno()),
    });
  return timespec.readBigInt64LE(0) * 1_000_000_000n + timespec.readBigInt64LE(8);
};

interface WatchEvents {
  readonly readable?: boolean;
  readonly writable?: boolean;
}

/** A level-triggered watch on a descriptor. It keeps the process alive while it is started. */
export interface Watch {
  start(events: WatchEvents): void;
  stop(): void;
  close(): void;
}

/** All open watches. A koffi handle stops silently when nothing in JavaScript refers to it. */
const open = new Set<Watch>();

/**
 * Calls `ready` while the descriptor is ready. koffi 3.3.4 calls back from libuv without Node's knowledge:
 * exceptions are lost, and from Node 26 on, promises and ticks wait for the next event that Node knows about,
 * which can take seconds. So the callback only schedules an immediate, which runs before the event loop
 * blocks again. One is enough, because the watch is level-triggered.
 *
 * libuv stops a handle when the descriptor has an error, even if there is data to read: a peer that closes
 * its end with unread data causes ECONNRESET here. The callback then gets a negative status, and the watch
 * goes on.
 */
export const watch = (fd: number, ready: () => void): Watch => {
  let immediate: NodeJS.Immediate | undefined;
  const run = (): void => {
    immediate = undefined;
    ready();
  };
  let events: WatchEvents = {};
  // The first argument is the status of libuv; the types of koffi leave it out.
  const onReady = (status: unknown): void => {
    immediate ??= setImmediate(run);
    if (typeof status === 'number' && status < 0) handle.start(events, onReady);
  };
  const cancelImmediate = (): void => {
    if (immediate !== undefined) clearImmediate(immediate);
    immediate = undefined;
  };
  const handle = koffi.node.poll(fd, { readable: true }, onReady);
  handle.stop();
  const result: Watch = {
    start: (wanted) => {
      events = wanted;
      handle.start(events, onReady);
    },
    stop: () => {
      cancelImmediate();
      handle.stop();
    },
    close: () => {
      open.delete(result);
      cancelImmediate();
      handle.close();
    },
  };
  open.add(result);
  return result;
};
