// What a backend session serves. harness/vmmci has the device; nothing here knows what its registers mean.

export interface BackendDevice {
  /** Virtio feature bits 0 … 31 that the device offers. */
  readonly hostFeatures: number;
  /** The low `size` bytes of the register at `offset`; zero-length when there is none. */
  readConfig(offset: number, size: number): Buffer;
  writeConfig(offset: number, data: Buffer): void;
  setGuestFeatures(value: bigint): void;
  setStatus(value: number): void;
  /** The driver counts as up, for a front-end that does not tell it with STATUS. */
  driverUp(up?: boolean): void;
  state(): { readonly status: number };
  reset(): void;
  onConfigChange(listener: () => void): () => void;
}
