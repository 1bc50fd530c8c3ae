// VERSION: major u16, minor u16, then optional JSON that ends with NUL.

import { require } from './refusal.js';

/** The capabilities of one side. A missing one has the default of the specification. */
export interface Capabilities {
  /** The maximum number of descriptors in a message to the sender. */
  max_msg_fds?: number;
  /** The maximum number of bytes in a region access. */
  max_data_xfer_size?: number;
  max_dma_maps?: number;
  /** The page sizes for DMA mappings, combined by OR. */
  pgsizes?: number;
}

export interface Version {
  kind: 'version';
  major: number;
  minor: number;
  capabilities: Capabilities;
  /**
   * The length of the request's body. The reply must not be longer, because QEMU 11.1 receives it into the
   * same buffer.
   */
  length: number;
}

const names = ['max_msg_fds', 'max_data_xfer_size', 'max_dma_maps', 'pgsizes'] as const;

/** The width of the widest register in bytes. */
const minTransferBytes = 4;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keeps a byte-order mark, which JSON does not allow. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses JSON; returns `undefined` if the data is not UTF-8 or not JSON. */
const parse = (data: Buffer): unknown => {
  try {
    return JSON.parse(utf8.decode(data));
  } catch {
    return undefined;
  }
};

const decodeCapabilities = (data: Buffer): Capabilities => {
  if (data.length === 0) return {};
  require(data.indexOf(0) === data.length - 1, () => 'version data does not end with its only NUL');
  const root = parse(data.subarray(0, -1));
  require(isObject(root), () => 'version data is not a JSON object in UTF-8');
  const { capabilities: given = {} } = root;
  require(isObject(given), () => 'capabilities is not a JSON object');
  const capabilities: Capabilities = {};
  for (const name of names) {
    const value = given[name];
    if (value === undefined) continue;
    require(typeof value === 'number' && Number.isInteger(value) && value >= 0, () =>
      `capability ${name} is not a non-negative integer`);
    capabilities[name] = value;
  }
  const { max_data_xfer_size: limit = minTransferBytes } = capabilities;
  require(limit >= minTransferBytes, () =>
    `max_data_xfer_size is ${limit}, so not every register could be read; expected ${minTransferBytes} or more`);
  return capabilities;
};

export const decodeVersion = (body: Buffer): Version => ({
  kind: 'version',
  major: body.readUInt16LE(0),
  minor: body.readUInt16LE(2),
  capabilities: decodeCapabilities(body.subarray(4)),
  length: body.length,
});

/** Encodes the body of a VERSION request or reply. Without `capabilities` it has no JSON. */
export const encodeVersion = (major: number, minor: number, capabilities?: Capabilities): Buffer => {
  const json = capabilities === undefined ? '' : `${JSON.stringify({ capabilities })}\0`;
  const body = Buffer.alloc(4 + Buffer.byteLength(json));
  body.writeUInt16LE(major, 0);
  body.writeUInt16LE(minor, 2);
  body.write(json, 4);
  return body;
};

/**
 * The answer of a server with the capabilities `own` to a proposal with major version 0: version 0.0 and a
 * subset of the proposed capabilities, never longer than the proposal.
 */
export const answerVersion = (proposal: Version, own: Capabilities): Buffer => {
  const agreed: Capabilities = {};
  for (const name of names)
    if (proposal.capabilities[name] !== undefined && own[name] !== undefined) agreed[name] = own[name];
  const answer = encodeVersion(0, 0, agreed);
  return answer.length <= proposal.length ? answer : encodeVersion(0, 0);
};
