// One message off the wire: exactly its header, exactly its body, and the descriptors that came with either.

import type { Connection, Descriptors } from './connection.js';
import { bodyLength, decodeHeader, HEADER_SIZE, type Header } from './header.js';

export interface Frame {
  header: Header;
  body: Buffer;
  /** The reader's to close or to hand on. */
  fds: number[];
}

/**
 * `null` on a clean end between two messages. Rejects with PROTOCOL or SOCKET_CLOSED when the stream is of no
 * more use.
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
