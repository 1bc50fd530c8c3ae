// The feature bits of vmmci (vmd virtio.h 1.14: TIMESYNC and ACK; 1.20: SYNCRTC).

/** The time registers are valid. Offered only: vmd serves the time to a guest that did not negotiate it. */
export const TIMESYNC = 0x1;

/** The host expects the command written back. Offered only, as above. */
export const ACK = 0x2;

/** The host may send SYNCRTC: the one bit of the guest's choice that vmd looks at. */
export const SYNCRTC = 0x4;
