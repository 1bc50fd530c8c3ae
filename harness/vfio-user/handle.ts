// The implementation of each request, with the body of its reply.

import type { Descriptors } from './connection.js';
import { DmaTable } from './dma-table.js';
import { maxTransferBytes } from './header.js';
import {
  encodeDeviceInfo,
  encodeIrqInfo,
  encodeRegionInfo,
  INTX_FLAGS,
  REGIONS,
  regionFlag,
} from './info.js';
import { irqCount, setIrqs } from './interrupts.js';
import { maxMessageFds, type Request } from './messages.js';
import { fatal, require } from './refusal.js';
import { encodeAccess } from './region-access.js';
import type { Target } from './target.js';
import { answerVersion } from './version.js';

/** The state of a session with one client. */
export interface SessionState {
  versioned: boolean;
  /** The maximum number of bytes in a region access of the client. */
  maxTransfer: number;
  readonly dma: DmaTable;
  readonly regions: readonly { size: number; flags: number }[];
}

export const newSession = (target: Target): SessionState => ({
  versioned: false,
  maxTransfer: maxTransferBytes,
  dma: new DmaTable(),
  regions: Array.from({ length: REGIONS }, (_, index) => {
    const region = target.regions.find((candidate) => candidate.index === index);
    return { size: region?.size ?? 0, flags: region?.flags ?? 0 };
  }),
});

const serverCapabilities = {
  max_msg_fds: maxMessageFds,
  max_data_xfer_size: maxTransferBytes,
  pgsizes: 4096,
};

const requireAccess = (
  state: SessionState,
  access: { offset: bigint; region: number },
  count: number,
  flag: number,
): void => {
  const region = state.regions[access.region];
  require(region !== undefined && access.offset + BigInt(count) <= BigInt(region.size), () =>
    `${count} bytes at 0x${access.offset.toString(16)} are not in region ${access.region}`);
  require((region.flags & flag) !== 0, () => `region ${access.region} does not allow this access`);
};

/**
 * Handles a request. Resolves with the body of the reply, or `undefined` if it has none. Rejects with
 * PROTOCOL as `decodeRequest` does.
 */
export const handle = async (
  request: Request,
  fds: number[],
  state: SessionState,
  target: Target,
  descriptors: Descriptors,
): Promise<Buffer | undefined> => {
  require(state.versioned !== (request.kind === 'version'), () =>
    state.versioned ? 'VERSION came twice' : 'VERSION must come first');
  switch (request.kind) {
    case 'version':
      if (request.major !== 0) throw fatal(`version ${request.major}.${request.minor}, expected 0.x`);
      state.versioned = true;
      state.maxTransfer = Math.min(
        maxTransferBytes,
        request.capabilities.max_data_xfer_size ?? maxTransferBytes,
      );
      return answerVersion(request, serverCapabilities);
    case 'dma-map':
      state.dma.map(request.address, request.size);
      return undefined;
    case 'dma-unmap':
      if (request.all) state.dma.clear();
      else state.dma.unmap(request.address, request.size);
      return request.body;
    case 'device-info':
      return encodeDeviceInfo();
    case 'region-info': {
      const { size, flags } = state.regions[request.index] ?? { size: 0, flags: 0 };
      return encodeRegionInfo(request.index, size, flags);
    }
    case 'irq-info': {
      const count = irqCount(request.index);
      return encodeIrqInfo(request.index, count > 0 ? INTX_FLAGS : 0, count);
    }
    case 'set-irqs':
      setIrqs(request, fds, target, descriptors);
      return undefined;
    case 'region-read': {
      const { offset, region, count } = request;
      requireAccess(state, request, count, regionFlag.READ);
      require(count <= state.maxTransfer, () =>
        `count ${count}, expected at most ${state.maxTransfer}, which the client announced`);
      const data = await target.read(region, Number(offset), count);
      return encodeAccess(offset, region, data.length, data);
    }
    case 'region-write': {
      const { offset, region, data } = request;
      requireAccess(state, request, data.length, regionFlag.WRITE);
      await target.write(region, Number(offset), data);
      return encodeAccess(offset, region, data.length);
    }
    case 'reset':
      await target.reset();
      return undefined;
  }
};
