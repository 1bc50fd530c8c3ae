// A vhost-user message on the wire: a header of 12 bytes (request, flags, payload size, little-endian), a
// payload, and descriptors.

import type { Channel } from '../socket/channel.js';
import { closeFd } from '../socket/descriptor.js';
import { fatal } from './refusal.js';

const HEADER_SIZE = 12;
const VERSION = 1;
const VERSION_MASK = 3;
const REPLY = 4;
const NEED_REPLY = 8;

/** Far more than the largest message used here (a memory table of 8 regions: 264 bytes). */
export const maxPayload = 4096;

export interface Frame {
  request: number;
  reply: boolean;
  needReply: boolean;
  payload: Buffer;
  /** The reader of the frame owns them. */
  fds: number[];
}

/** Decodes a header. Throws PROTOCOL (fatal) for a version or size that violates the protocol. */
export const decodeHeader = (header: Buffer): Omit<Frame, 'payload' | 'fds'> & { size: number } => {
  const flags = header.readUInt32LE(4);
  const size = header.readUInt32LE(8);
  if ((flags & VERSION_MASK) !== VERSION) throw fatal(`version ${flags & VERSION_MASK}, expected ${VERSION}`);
  if (size > maxPayload) throw fatal(`payload of ${size} bytes, expected at most ${maxPayload}`);
  return {
    request: header.readUInt32LE(0),
    reply: (flags & REPLY) !== 0,
    needReply: (flags & NEED_REPLY) !== 0,
    size,
  };
};

/**
 * Encodes header and payload in one buffer, since a peer may treat a short first read as an error (QEMU
 * does).
 */
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

/** The length of the payload after this header; 0 if `decodeHeader` throws. */
const payloadLength = (header: Buffer): number => {
  const size = header.readUInt32LE(8);
  return (header.readUInt32LE(4) & VERSION_MASK) !== VERSION || size > maxPayload ? 0 : size;
};

/**
 * Reads the next message; `null` at the end of the stream. Closes the descriptors of a message that is
 * invalid.
 */
export const readFrame = async (channel: Channel): Promise<Frame | null> => {
  const message = await channel.readMessage(HEADER_SIZE, payloadLength);
  if (message === null) return null;
  const { data: payload, fds } = message;
  try {
    const { request, reply, needReply } = decodeHeader(message.header);
    return { request, reply, needReply, payload, fds };
  } catch (error) {
    for (const fd of fds) closeFd(fd);
    throw error;
  }
};
