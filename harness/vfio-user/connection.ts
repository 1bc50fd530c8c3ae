// What a session needs of a socket and of descriptors; harness/socket has the real ones.

/**
 * A connected stream. `readMessage` gives a header of exactly `length` bytes and, as `data`, a body of
 * exactly as many as `bodyLength` makes of it; or `null` when the peer ended before the first of them.
 */
export interface Connection {
  readonly path: string;
  readMessage(
    length: number,
    bodyLength: (header: Buffer) => number,
  ): Promise<{ header: Buffer; data: Buffer; fds: number[] } | null>;
  write(data: Buffer, fds?: readonly number[]): Promise<void>;
  close(): void;
  readonly closed: Promise<void>;
}

export interface Descriptors {
  close(fd: number): void;
  isEventFd(fd: number): boolean;
}
