// The registers in BAR0: the legacy virtio header without MSI-X, then the config area of vmmci. They are the
// same in every vmd from 2017 to 2026 (vmd virtio.c 1.54 … 1.153).

/** The bytes of I/O space that BAR0 claims. */
export const BAR_SIZE = 0x1000;

/** The offset of the config area in BAR0. It would be 24 with MSI-X, which vmmci does not have. */
export const CONFIG_OFFSET = 20;

/** The bytes of the config area that contain registers. */
export const CONFIG_SIZE = 20;

/** `offset` is from the start of BAR0; `size` is the natural width in bytes, which vmd ignores on access. */
export interface Register {
  readonly offset: number;
  readonly size: 1 | 2 | 4;
  readonly access: 'r' | 'rw';
}

export const registers = {
  hostFeatures: { offset: 0, size: 4, access: 'r' },
  guestFeatures: { offset: 4, size: 4, access: 'rw' },
  queuePfn: { offset: 8, size: 4, access: 'rw' },
  queueSize: { offset: 12, size: 2, access: 'r' },
  queueSelect: { offset: 14, size: 2, access: 'rw' },
  queueNotify: { offset: 16, size: 2, access: 'rw' },
  status: { offset: 18, size: 1, access: 'rw' },
  isr: { offset: 19, size: 1, access: 'r' },
  command: { offset: 20, size: 4, access: 'rw' },
  secondsLow: { offset: 24, size: 4, access: 'r' },
  secondsHigh: { offset: 28, size: 4, access: 'r' },
  microsecondsLow: { offset: 32, size: 4, access: 'r' },
  microsecondsHigh: { offset: 36, size: 4, access: 'r' },
} as const satisfies Record<string, Register>;

export type RegisterName = keyof typeof registers;

const byOffset: ReadonlyMap<number, RegisterName> = new Map(
  Object.entries(registers).map(([name, { offset }]) => [offset, name as RegisterName]),
);

/**
 * The register that starts at this BAR0 offset. vmd dispatches on the start offset only; there is no register
 * at the other offsets.
 */
export const registerAt = (offset: number): RegisterName | undefined => byOffset.get(offset);

/**
 * The register of an access: `command`; `command (8 bits)` if the width, in bytes, is not that of the
 * register; `offset 33 (8 bits)` if no register starts there.
 */
export const accessTarget = (offset: number, width: number): string => {
  const name = registerAt(offset);
  const isNatural = name !== undefined && registers[name].size === width;
  return `${name ?? `offset ${offset}`}${isNatural ? '' : ` (${8 * width} bits)`}`;
};

/** Bits of the status register. vmd checks only DRIVER_OK. */
export const status = { ACKNOWLEDGE: 0x01, DRIVER: 0x02, DRIVER_OK: 0x04, FAILED: 0x80 } as const;

/** The only value of ISR besides 0: the config area has changed. */
export const ISR_CONFIG = 0x02;
