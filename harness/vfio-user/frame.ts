// One message off the wire: exactly its header, exactly its body, and the descriptors that came with either.

import { HarnessError } from '../errors.js';
import type { Connection, Descriptors } from './connection.js';
import { decodeHeader, HEADER_SIZE, type Header } from './header.js';

export interface Frame {
  header: Header;
  body: Buffer;
  /** The reader's to close or to hand on. */
  fds: number[];
}

const EMPTY = Buffer.alloc(0);

/** `null` on a clean end between two messages. Rejects with PROTOCOL or SOCKET_CLOSED when the stream is of no more use. */
export const readFrame = async (connection: Connection, descriptors: Descriptors): Promise<Frame | null> => {
  const head = await connection.read(HEADER_SIZE, 'later');
  if (head === null) return null;
  const { fds } = head;
  try {
    const header = decodeHeader(head.data);
    const length = header.size - HEADER_SIZE;
    if (length === 0) return { header, body: EMPTY, fds };
    const rest = await connection.read(length);
    if (rest === null)
      throw new HarnessError('SOCKET_CLOSED', {
        path: connection.path,
        when: `after a header that promised ${length} bytes more`,
      });
    fds.push(...rest.fds);
    return { header, body: rest.data, fds };
  } catch (error) {
    for (const fd of fds) descriptors.close(fd);
    throw error;
  }
};
