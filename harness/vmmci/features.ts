// The feature bits of vmmci (vmd virtio.h 1.14: TIMESYNC and ACK; 1.20: SYNCRTC).

/** The time registers are valid. vmd serves the time even if the guest has not accepted this bit. */
export const TIMESYNC = 0x1;

/** The host expects the guest to write the command back, even if the guest has not accepted this bit. */
export const ACK = 0x2;

/** The host may send SYNCRTC. Of the bits that the guest accepts, vmd checks only this one. */
export const SYNCRTC = 0x4;
