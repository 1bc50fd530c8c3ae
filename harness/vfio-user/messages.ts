// Decodes requests. A table has, for each command, the allowed length of the body and number of descriptors.

import { type CommandName, command, commandName } from './command.js';
import { type DmaMap, type DmaUnmap, decodeDmaMap, decodeDmaUnmap, MAP_SIZE, UNMAP_SIZE } from './dma.js';
import { type Header, headerFlag, maxTransferBytes } from './header.js';
import {
  DEVICE_INFO_SIZE,
  type DeviceInfo,
  decodeDeviceInfo,
  decodeIrqInfo,
  decodeRegionInfo,
  IRQ_INFO_SIZE,
  type IrqInfo,
  REGION_INFO_SIZE,
  type RegionInfo,
} from './info.js';
import { errno, fatal, refusal, require } from './refusal.js';
import {
  ACCESS_SIZE,
  decodeRegionRead,
  decodeRegionWrite,
  type RegionRead,
  type RegionWrite,
} from './region-access.js';
import { decodeSetIrqs, SET_IRQS_SIZE, type SetIrqs } from './set-irqs.js';
import { decodeVersion, type Version } from './version.js';

export interface Reset {
  kind: 'reset';
}

export type Request =
  | Version
  | DmaMap
  | DmaUnmap
  | DeviceInfo
  | RegionInfo
  | IrqInfo
  | SetIrqs
  | RegionRead
  | RegionWrite
  | Reset;

/** The maximum number of descriptors in a message. */
export const maxMessageFds = 8;

interface Row {
  /** The minimum and maximum length of the body in bytes. */
  body: readonly [number, number];
  descriptors: number;
  decode: (body: Buffer, descriptors: number) => Request;
}

const exactly = (size: number): readonly [number, number] => [size, size];

const rows: Partial<Record<CommandName, Row>> = {
  VERSION: { body: [4, 4096], descriptors: 0, decode: decodeVersion },
  DMA_MAP: { body: exactly(MAP_SIZE), descriptors: 1, decode: decodeDmaMap },
  DMA_UNMAP: { body: exactly(UNMAP_SIZE), descriptors: 0, decode: decodeDmaUnmap },
  DEVICE_GET_INFO: { body: exactly(DEVICE_INFO_SIZE), descriptors: 0, decode: decodeDeviceInfo },
  DEVICE_GET_REGION_INFO: { body: exactly(REGION_INFO_SIZE), descriptors: 0, decode: decodeRegionInfo },
  DEVICE_GET_IRQ_INFO: { body: exactly(IRQ_INFO_SIZE), descriptors: 0, decode: decodeIrqInfo },
  DEVICE_SET_IRQS: { body: [SET_IRQS_SIZE, 4096], descriptors: maxMessageFds, decode: decodeSetIrqs },
  REGION_READ: { body: exactly(ACCESS_SIZE), descriptors: 0, decode: decodeRegionRead },
  REGION_WRITE: {
    body: [ACCESS_SIZE + 1, ACCESS_SIZE + maxTransferBytes],
    descriptors: 0,
    decode: decodeRegionWrite,
  },
  DEVICE_RESET: { body: exactly(0), descriptors: 0, decode: () => ({ kind: 'reset' }) },
};

const table = new Map<number, Row>(
  Object.entries(rows).map(([name, row]) => [command[name as CommandName], row]),
);

/**
 * Decodes and checks a request from its header, its body and the number of its descriptors. Throws PROTOCOL:
 * with an errno if the request must be refused, without one if the connection must be closed.
 */
export const decodeRequest = (header: Header, body: Buffer, descriptors: number): Request => {
  const type = header.flags & headerFlag.TYPE;
  // We send no requests, so no message can be a reply to us. An error reply to a reply could start an endless
  // exchange.
  if (type === headerFlag.REPLY) throw fatal(`unexpected reply to ${commandName(header.command)}`);
  require((header.flags & ~headerFlag.NO_REPLY) === 0, () =>
    `header flags 0x${header.flags.toString(16)} are not those of a command`);
  const row = table.get(header.command);
  if (row === undefined) throw refusal(errno.EOPNOTSUPP, `${commandName(header.command)} is not supported`);
  const [min, max] = row.body;
  require(body.length >= min && body.length <= max, () =>
    `${commandName(header.command)} with ${body.length} bytes, expected ${min === max ? min : `${min} to ${max}`}`);
  require(descriptors <= row.descriptors, () =>
    `${commandName(header.command)} with ${descriptors} descriptors, expected at most ${row.descriptors}`);
  return row.decode(body, descriptors);
};
