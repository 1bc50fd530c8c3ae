// The device that a backend session serves. harness/vmmci implements it; nothing here depends on the meaning
// of its registers.

export interface BackendDevice {
  /** The virtio feature bits 0 … 31 that the device offers. */
  readonly hostFeatures: number;
  /** Returns the low `size` bytes of the register at `offset`; no bytes if there is none. */
  readConfig(offset: number, size: number): Buffer;
  writeConfig(offset: number, data: Buffer): void;
  setGuestFeatures(value: bigint): void;
  setStatus(value: number): void;
  /** Sets or clears DRIVER_OK, for a front-end that does not send the status. */
  driverUp(up?: boolean): void;
  state(): { readonly status: number };
  reset(): void;
  onConfigChange(listener: () => void): () => void;
}
