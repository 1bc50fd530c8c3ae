// What a vfio-user server serves: the regions of one PCI function and its one interrupt.

export interface Target {
  /** `size` in bytes, `flags` of `regionFlag`. A region that is not listed has size 0. */
  readonly regions: readonly { index: number; size: number; flags: number }[];
  /**
   * Within the region, as checked by the session. Rejects with PROTOCOL and an errno to refuse the access.
   */
  read(region: number, offset: number, count: number): Promise<Buffer>;
  write(region: number, offset: number, data: Buffer): Promise<void>;
  reset(): Promise<void>;
  /** INTx's eventfd, the target's from here on (it closes it); `null` disables the interrupt. */
  arm(trigger: number | null): void;
  /** Signals INTx's eventfd although the device has raised nothing. False when there is no eventfd. */
  loopback(): boolean;
  mask(): void;
  unmask(): void;
}
