// The 16 bytes before every message: id u16, command u16, size u32 (header included), flags u32, error u32,
// little-endian.

import { fatal } from './refusal.js';

export const HEADER_SIZE = 16;

/**
 * The largest data transfer we take: far beyond our largest region (4 KiB), small enough to hold for 256
 * clients.
 */
export const MAX_TRANSFER = 65536;

/** The largest message we read, header included: a REGION_WRITE of MAX_TRANSFER. */
export const MAX_MESSAGE = HEADER_SIZE + 16 + MAX_TRANSFER;

export const headerFlag = { TYPE: 0x0f, REPLY: 0x01, NO_REPLY: 0x10, ERROR: 0x20 } as const;

export interface Header {
  id: number;
  command: number;
  /** Of the whole message, header included. */
  size: number;
  flags: number;
  /** errno, only valid in a reply with the error flag. */
  error: number;
}

/**
 * Decodes `data` (at least 16 bytes). A size that no message of ours can have throws: the stream is out of
 * step.
 */
export const decodeHeader = (data: Buffer): Header => {
  const header = {
    id: data.readUInt16LE(0),
    command: data.readUInt16LE(2),
    size: data.readUInt32LE(4),
    flags: data.readUInt32LE(8),
    error: data.readUInt32LE(12),
  };
  if (header.size < HEADER_SIZE || header.size > MAX_MESSAGE)
    throw fatal(`message size ${header.size} is not between ${HEADER_SIZE} and ${MAX_MESSAGE}`);
  return header;
};

/** Bytes that follow this header; 0 where `decodeHeader` throws. */
export const bodyLength = (header: Buffer): number => {
  const size = header.readUInt32LE(4);
  return size < HEADER_SIZE || size > MAX_MESSAGE ? 0 : size - HEADER_SIZE;
};

/** A whole message: the header with its size filled in, then `body`. */
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

/** The reply to `request`: same id and command. */
export const encodeReply = (request: Header, body?: Buffer): Buffer =>
  encodeMessage({ id: request.id, command: request.command, flags: headerFlag.REPLY }, body);

/** An error reply: header only, as the specification demands. */
export const encodeErrorReply = (request: Header, error: number): Buffer =>
  encodeMessage({
    id: request.id,
    command: request.command,
    flags: headerFlag.REPLY | headerFlag.ERROR,
    error,
  });
