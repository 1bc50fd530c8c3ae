// One vhost-user message on the wire: a header of 12 bytes (request, flags, payload size, little-endian), a payload,
// and descriptors beside it.
import type { Channel } from '../socket/channel.js';
import { closeFd } from '../socket/descriptor.js';
import { EMPTY } from './payload.js';
import { fatal } from './refusal.js';

const HEADER_SIZE = 12;
const VERSION = 1;
const VERSION_MASK = 3;
const REPLY = 4;
const NEED_REPLY = 8;

/** Far above the largest message spoken here (a memory table of 8 regions: 264 bytes). */
export const maxPayload = 4096;

export interface Frame {
  request: number;
  reply: boolean;
  needReply: boolean;
  payload: Buffer;
  /** Owned by the reader of the frame. */
  fds: number[];
}

/** The header's fields; throws PROTOCOL (fatal) on a version or size that means the peer is out of step. */
export const decodeHeader = (header: Buffer): Omit<Frame, 'payload' | 'fds'> & { size: number } => {
  const flags = header.readUInt32LE(4);
  const size = header.readUInt32LE(8);
  if ((flags & VERSION_MASK) !== VERSION) throw fatal(`version ${flags & VERSION_MASK}, expected ${VERSION}`);
  if (size > maxPayload) throw fatal(`payload of ${size} bytes, at most ${maxPayload} are spoken here`);
  return {
    request: header.readUInt32LE(0),
    reply: (flags & REPLY) !== 0,
    needReply: (flags & NEED_REPLY) !== 0,
    size,
  };
};

/** Header and payload in one buffer, since a peer may take a short first read for an error (QEMU does). */
export const encodeFrame = (
  request: number,
  payload: Buffer,
  { reply = false, needReply = false }: { reply?: boolean; needReply?: boolean } = {},
): Buffer => {
  const frame = Buffer.allocUnsafe(HEADER_SIZE + payload.length);
  frame.writeUInt32LE(request, 0);
  frame.writeUInt32LE(VERSION | (reply ? REPLY : 0) | (needReply ? NEED_REPLY : 0), 4);
  frame.writeUInt32LE(payload.length, 8);
  payload.copy(frame, HEADER_SIZE);
  return frame;
};

/** The next message, `null` at the end of the stream. Descriptors of a message that cannot be read are closed. */
export const readFrame = async (channel: Channel): Promise<Frame | null> => {
  const head = await channel.read(HEADER_SIZE, 'later');
  if (head === null) return null;
  const { fds } = head;
  try {
    const { request, reply, needReply, size } = decodeHeader(head.data);
    if (size === 0) return { request, reply, needReply, payload: EMPTY, fds };
    const body = await channel.read(size);
    if (body === null) throw fatal(`the peer left after a header that announced ${size} bytes`);
    fds.push(...body.fds);
    return { request, reply, needReply, payload: body.data, fds };
  } catch (error) {
    for (const fd of fds) closeFd(fd);
    throw error;
  }
};
