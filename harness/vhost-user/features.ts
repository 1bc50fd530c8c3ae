// The feature bits of vhost-user itself (the vhost-user protocol of QEMU 11.1).

/** In the virtio feature word: the backend supports GET_PROTOCOL_FEATURES. Never shown to the guest. */
export const PROTOCOL_FEATURES = 1n << 30n;

/** In the virtio feature word: required by QEMU's generic front-end, which supports only modern devices. */
export const VERSION_1 = 1n << 32n;

/** Bit numbers of the protocol features. */
export const protocolFeatures = {
  MQ: 0,
  REPLY_ACK: 3,
  BACKEND_REQ: 5,
  CONFIG: 9,
  RESET_DEVICE: 13,
  STATUS: 16,
  /**
   * Private, the highest bit: with `wholeRegister` in the flags of GET_CONFIG the reply is the whole 32-bit
   * register that starts at the offset, even if the guest reads fewer bytes. vmd writes all of it to EAX, and
   * a later stale read of more bytes shows it (vmd vmm_machdep.c 1.11).
   */
  WHOLE_REGISTER: 63,
} as const;

export type ProtocolFeature = keyof typeof protocolFeatures;

export const protocolBit = (name: ProtocolFeature): bigint => 1n << BigInt(protocolFeatures[name]);

/** All protocol features that our backend offers and our front-end accepts. */
export const allProtocolFeatures: bigint = Object.values(protocolFeatures).reduce(
  (bits, number) => bits | (1n << BigInt(number)),
  0n,
);
