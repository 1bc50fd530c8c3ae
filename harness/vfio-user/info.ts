// DEVICE_GET_INFO, DEVICE_GET_REGION_INFO and DEVICE_GET_IRQ_INFO, which describe the device.

import { require } from './refusal.js';

export const DEVICE_INFO_SIZE = 16;
export const REGION_INFO_SIZE = 32;
export const IRQ_INFO_SIZE = 16;

/** Indices of a PCI device's regions: six BARs, ROM, configuration space, VGA. */
export const region = { BAR0: 0, CONFIG: 7 } as const;
export const REGIONS = 9;
export const regionFlag = { READ: 1, WRITE: 2 } as const;

/** INTx, MSI, MSI-X, error, request. */
export const irq = { INTX: 0, MSI: 1, MSIX: 2, ERROR: 3, REQUEST: 4 } as const;
export const IRQS = 5;
const irqFlag = { EVENTFD: 1, MASKABLE: 2, AUTOMASKED: 4 } as const;
export const INTX_FLAGS = irqFlag.EVENTFD | irqFlag.MASKABLE | irqFlag.AUTOMASKED;

const deviceFlag = { RESET: 1, PCI: 2 } as const;

export interface DeviceInfo {
  kind: 'device-info';
}
export interface RegionInfo {
  kind: 'region-info';
  index: number;
}
export interface IrqInfo {
  kind: 'irq-info';
  index: number;
}

const requireArgsz = (body: Buffer, size: number): void =>
  require(body.readUInt32LE(0) >= size, () => `argsz ${body.readUInt32LE(0)} is less than ${size}`);

/** Requires that all bytes of the request except argsz and the index (at 8) are 0. */
const requireZero = (body: Buffer, skipIndex: boolean): void => {
  for (let at = 4; at < body.length; at += 4)
    if (!(skipIndex && at === 8))
      require(body.readUInt32LE(at) === 0, () => `bytes ${at} to ${at + 3} of the request are not 0`);
};

export const decodeDeviceInfo = (body: Buffer): DeviceInfo => {
  requireArgsz(body, DEVICE_INFO_SIZE);
  requireZero(body, false);
  return { kind: 'device-info' };
};

export const decodeRegionInfo = (body: Buffer): RegionInfo => {
  requireArgsz(body, REGION_INFO_SIZE);
  requireZero(body, true);
  const index = body.readUInt32LE(8);
  require(index < REGIONS, () => `region ${index} is not one of the ${REGIONS}`);
  return { kind: 'region-info', index };
};

export const decodeIrqInfo = (body: Buffer): IrqInfo => {
  requireArgsz(body, IRQ_INFO_SIZE);
  requireZero(body, true);
  const index = body.readUInt32LE(8);
  require(index < IRQS, () => `interrupt type ${index} is not one of the ${IRQS}`);
  return { kind: 'irq-info', index };
};

const words = (...values: number[]): Buffer => {
  const body = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    body.writeUInt32LE(value, 4 * index);
  });
  return body;
};

export const encodeDeviceInfo = (): Buffer =>
  words(DEVICE_INFO_SIZE, deviceFlag.RESET | deviceFlag.PCI, REGIONS, IRQS);

/** Encodes region information. A region that the device does not have has size 0 and no flags. */
export const encodeRegionInfo = (index: number, size: number, flags: number): Buffer =>
  words(REGION_INFO_SIZE, flags, index, 0, size, 0, 0, 0);

export const encodeIrqInfo = (index: number, flags: number, count: number): Buffer =>
  words(IRQ_INFO_SIZE, flags, index, count);
