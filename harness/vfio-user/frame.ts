// A received message: its header, its body, and the descriptors of both.

import type { Connection, Descriptors } from './connection.js';
import { bodyLength, decodeHeader, HEADER_SIZE, type Header } from './header.js';

export interface Frame {
  header: Header;
  body: Buffer;
  /** The reader closes them or passes them on. */
  fds: number[];
}

/**
 * Reads the next message; `null` if the stream ends between two messages. Rejects with PROTOCOL or
 * SOCKET_CLOSED if the stream cannot be used any more.
 */
export const readFrame = async (connection: Connection, descriptors: Descriptors): Promise<Frame | null> => {
  const message = await connection.readMessage(HEADER_SIZE, bodyLength);
  if (message === null) return null;
  const { data: body, fds } = message;
  try {
    return { header: decodeHeader(message.header), body, fds };
  } catch (error) {
    for (const fd of fds) descriptors.close(fd);
    throw error;
  }
};
