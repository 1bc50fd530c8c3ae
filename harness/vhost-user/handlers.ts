// The implementation of each request.

import { isEventFd, isSocket } from '../socket/descriptor.js';
import type { BackendDevice } from './device.js';
import { allProtocolFeatures, PROTOCOL_FEATURES, type ProtocolFeature, VERSION_1 } from './features.js';
import type { Frame } from './frame.js';
import { decodeConfig, empty, encodeConfig, MIGRATION, u64, wholeRegister } from './payload.js';
import { ignored, refusal } from './refusal.js';
import type { RequestName } from './requests.js';
import { maxRings, type Rings } from './rings.js';

const wordBytes = 4;

/** The part of a session that handlers use. */
export interface Context {
  readonly device: BackendDevice;
  readonly rings: Rings;
  has(feature: ProtocolFeature): boolean;
  setProtocol(bits: bigint): void;
  setBackChannel(fd: number): void;
}

/** Handles a request. A returned buffer is the payload of the reply. */
export type Handler = (context: Context, frame: Frame) => Buffer | undefined;

const nothing: Handler = () => undefined;

const ringDescriptor: Handler = ({ rings }, frame) => {
  rings.descriptor(frame, isEventFd);
  return undefined;
};

const ringIndex: Handler = ({ rings }, { payload }) => {
  rings.set(payload);
  return undefined;
};

/** ACKNOWLEDGE and DRIVER in the device status (virtio 1.2, 2.1): a driver sets both before any other bit. */
const DRIVER_STEPS = 0x03;

/**
 * QEMU's generic device (11.1) sends no status beyond FEATURES_OK, even if STATUS is negotiated. It enables
 * its rings when its driver is up and disables them when the device stops, so the rings show that. If a
 * front-end sends the steps of the driver itself, its status is trusted.
 */
const ringEnable: Handler = ({ device, rings }, { payload }) => {
  rings.set(payload);
  if ((device.state().status & DRIVER_STEPS) === 0) device.driverUp(payload.readUInt32LE(4) !== 0);
  return undefined;
};

/** Called after the shape of the request and its protocol feature were checked. */
export const handlers: Record<RequestName, Handler> = {
  GET_FEATURES: ({ device }) => u64(BigInt(device.hostFeatures >>> 0) | PROTOCOL_FEATURES | VERSION_1),
  SET_FEATURES: ({ device, has }, { payload }) => {
    device.setGuestFeatures(payload.readBigUInt64LE(0) & 0xffff_ffffn & ~PROTOCOL_FEATURES);
    if (!has('STATUS')) device.driverUp();
    return undefined;
  },
  SET_OWNER: nothing,
  RESET_OWNER: nothing,
  SET_MEM_TABLE: nothing, // the device reads no guest memory
  SET_VRING_NUM: ringIndex,
  SET_VRING_ADDR: ringIndex,
  SET_VRING_BASE: ({ rings }, { payload }) => {
    rings.setBase(payload);
    return undefined;
  },
  GET_VRING_BASE: ({ rings }, { payload }) => rings.getBase(payload),
  SET_VRING_KICK: ringDescriptor,
  SET_VRING_CALL: ringDescriptor,
  SET_VRING_ERR: ringDescriptor,
  GET_PROTOCOL_FEATURES: () => u64(allProtocolFeatures),
  SET_PROTOCOL_FEATURES: ({ setProtocol }, { payload }) => {
    const bits = payload.readBigUInt64LE(0);
    const unknown = bits & ~allProtocolFeatures;
    if (unknown !== 0n) throw refusal(`protocol features 0x${unknown.toString(16)} were not offered`);
    setProtocol(bits);
    return undefined;
  },
  GET_QUEUE_NUM: () => u64(BigInt(maxRings)),
  SET_VRING_ENABLE: ringEnable,
  SET_BACKEND_REQ_FD: ({ setBackChannel }, { fds }) => {
    const [fd] = fds;
    if (fd === undefined || !isSocket(fd))
      throw ignored('SET_BACKEND_REQ_FD: the descriptor is not a socket');
    setBackChannel(fd);
    return undefined;
  },
  GET_CONFIG: ({ device, has }, { payload }) => {
    const { offset, size, flags } = decodeConfig(payload);
    const whole = has('WHOLE_REGISTER') && flags === wholeRegister && size < wordBytes;
    const data = device.readConfig(offset, whole ? wordBytes : size);
    return data.length === 0 ? empty : encodeConfig(offset, data, flags);
  },
  SET_CONFIG: ({ device }, { payload }) => {
    const { offset, data, flags } = decodeConfig(payload);
    if (flags > MIGRATION) throw refusal(`SET_CONFIG: flags 0x${flags.toString(16)}, expected 0 or 1`);
    if (flags !== MIGRATION) device.writeConfig(offset, data);
    return undefined;
  },
  RESET_DEVICE: ({ device }) => {
    device.reset();
    return undefined;
  },
  SET_STATUS: ({ device }, { payload }) => {
    const value = payload.readBigUInt64LE(0);
    if (value > 0xffn) throw refusal(`SET_STATUS: 0x${value.toString(16)}, the status has 8 bits`);
    device.setStatus(Number(value));
    return undefined;
  },
  GET_STATUS: ({ device }) => u64(BigInt(device.state().status)),
};
