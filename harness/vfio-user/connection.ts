// The interfaces to sockets and descriptors that a session needs; harness/socket implements them.

/**
 * A connected stream. `readMessage` resolves with a header of exactly `length` bytes and, as `data`, a body
 * of exactly `bodyLength(header)` bytes; with `null` if the peer closed the stream before the first byte.
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
