// The 16-byte header of each message: id u16, command u16, size u32 (header included), flags u32, error u32,
// all little-endian.

import { fatal } from './refusal.js';

export const HEADER_SIZE = 16;

/**
 * The maximum size of a data transfer: much larger than our largest region (4 KiB), and small enough to
 * buffer for 256 clients.
 */
export const maxTransferBytes = 65536;

/** The maximum size of a message, header included: a REGION_WRITE of maxTransferBytes. */
export const maxMessageBytes = HEADER_SIZE + 16 + maxTransferBytes;

export const headerFlag = { TYPE: 0x0f, REPLY: 0x01, NO_REPLY: 0x10, ERROR: 0x20 } as const;

export interface Header {
  id: number;
  command: number;
  /** The size of the message in bytes, header included. */
  size: number;
  flags: number;
  /** An errno, only valid in a reply with the error flag. */
  error: number;
}

/**
 * Decodes `data` (at least 16 bytes). Throws PROTOCOL for a size that no valid message has: the stream is
 * then out of step.
 */
export const decodeHeader = (data: Buffer): Header => {
  const header = {
    id: data.readUInt16LE(0),
    command: data.readUInt16LE(2),
    size: data.readUInt32LE(4),
    flags: data.readUInt32LE(8),
    error: data.readUInt32LE(12),
  };
  if (header.size < HEADER_SIZE || header.size > maxMessageBytes)
    throw fatal(`message size ${header.size} is not between ${HEADER_SIZE} and ${maxMessageBytes}`);
  return header;
};

/** The length of the body after this header; 0 if `decodeHeader` throws. */
export const bodyLength = (header: Buffer): number => {
  const size = header.readUInt32LE(4);
  return size < HEADER_SIZE || size > maxMessageBytes ? 0 : size - HEADER_SIZE;
};

/** Encodes a message: the header with its size, then `body`. */
export const encodeMessage = (
  header: { id: number; command: number; flags: number; error?: number },
  body?: Buffer,
): Buffer => {
  const size = HEADER_SIZE + (body?.length ?? 0);
  const message = Buffer.allocUnsafe(size);
  message.writeUInt16LE(header.id, 0);
  message.writeUInt16LE(header.command, 2);
  message.writeUInt32LE(size, 4);
  message.writeUInt32LE(header.flags, 8);
  message.writeUInt32LE(header.error ?? 0, 12);
  body?.copy(message, HEADER_SIZE);
  return message;
};

/** Encodes the reply to `request`, with its id and command. */
export const encodeReply = (request: Header, body?: Buffer): Buffer =>
  encodeMessage({ id: request.id, command: request.command, flags: headerFlag.REPLY }, body);

/** Encodes an error reply, which has no body (vfio-user specification). */
export const encodeErrorReply = (request: Header, error: number): Buffer =>
  encodeMessage({
    id: request.id,
    command: request.command,
    flags: headerFlag.REPLY | headerFlag.ERROR,
    error,
  });
