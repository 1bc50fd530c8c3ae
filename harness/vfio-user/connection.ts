// What a session needs of a socket and of descriptors; harness/socket has the real ones.

/**
 * A connected stream. `read` gives exactly `length` bytes, or `null` when the peer ended before the first of them;
 * `later` says that they are not expected to be there already.
 */
export interface Connection {
  readonly path: string;
  read(length: number, look?: 'now' | 'later'): Promise<{ data: Buffer; fds: number[] } | null>;
  write(data: Buffer, fds?: readonly number[]): Promise<void>;
  close(): void;
  readonly closed: Promise<void>;
}

export interface Descriptors {
  close(fd: number): void;
  isEventFd(fd: number): boolean;
}
