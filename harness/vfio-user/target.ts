// The interface of what a vfio-user server serves: the regions of one PCI function and its interrupt.

export interface Target {
  /** `size` in bytes, `flags` of `regionFlag`. A region that is not listed has size 0. */
  readonly regions: readonly { index: number; size: number; flags: number }[];
  /**
   * Reads from a region. The session has checked that the access is within the region. Rejects with PROTOCOL
   * and an errno to refuse it.
   */
  read(region: number, offset: number, count: number): Promise<Buffer>;
  write(region: number, offset: number, data: Buffer): Promise<void>;
  reset(): Promise<void>;
  /** Enables INTx with an eventfd, which the target owns and closes; `null` disables the interrupt. */
  arm(trigger: number | null): void;
  /** Signals the eventfd of INTx without an interrupt of the device. Returns false if there is no eventfd. */
  loopback(): boolean;
  mask(): void;
  unmask(): void;
}
