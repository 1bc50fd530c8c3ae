// The legacy virtio header in BAR0, which the function keeps itself. The start offset of an access selects
// the register; the width is ignored (vmd virtio.c 1.54 … 1.153): a read returns the whole value, a narrow
// write is zero-extended.

import { type RegisterName, registerAt, registers } from '../vmmci/registers.js';

export type HeaderName =
  | 'hostFeatures'
  | 'guestFeatures'
  | 'queuePfn'
  | 'queueSize'
  | 'queueSelect'
  | 'queueNotify'
  | 'status'
  | 'isr';

const headerNames: ReadonlySet<string> = new Set<HeaderName>([
  'hostFeatures',
  'guestFeatures',
  'queuePfn',
  'queueSize',
  'queueSelect',
  'queueNotify',
  'status',
  'isr',
]);

const isHeader = (name: RegisterName): name is HeaderName => headerNames.has(name);

/** The header register that starts at this offset of BAR0; `undefined` in the config area and in gaps. */
export const headerAt = (offset: number): HeaderName | undefined => {
  const name = registerAt(offset);
  return name !== undefined && isHeader(name) ? name : undefined;
};

const cold = (): Record<HeaderName, number> => ({
  hostFeatures: 0, // the backend has the value
  guestFeatures: 0,
  queuePfn: 0,
  queueSize: 0, // vmmci has no queues
  queueSelect: 0,
  queueNotify: 0,
  status: 0,
  isr: 0,
});

export class RegisterFile {
  #values = cold();

  get(name: HeaderName): number {
    return this.#values[name];
  }

  /** Sets any register on behalf of the device. */
  set(name: HeaderName, value: number): void {
    this.#values[name] = value >>> 0;
  }

  /**
   * Writes a register on behalf of the guest. Returns false if it is read-only. Only the value changes, even
   * for status 0.
   */
  write(name: HeaderName, value: number): boolean {
    const { access, size } = registers[name];
    if (access !== 'rw') return false;
    this.#values[name] = size === 4 ? value >>> 0 : value & (2 ** (8 * size) - 1);
    return true;
  }

  reset(): void {
    this.#values = cold();
  }
}
