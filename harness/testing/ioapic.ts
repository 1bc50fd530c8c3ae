// Drives the I/O APIC of the PC through its registers, since qtest has no CPU that takes and ends interrupts.

import type { Qtest } from './qtest.js';

const base = 0xfec0_0000;
const select = base;
const window = base + 0x10;
const endOfInterrupt = base + 0x40;

/** Bits of the low half of a redirection entry. */
const levelTriggered = 1 << 15;
const remoteIrr = 1 << 14;
const masked = 1 << 16;

const entry = (pin: number): number => 0x10 + 2 * pin;

/** Pins are 0 to 23, vectors 0x10 to 0xfe. */
export class IoApic {
  readonly #qtest: Qtest;

  constructor(qtest: Qtest) {
    this.#qtest = qtest;
  }

  /** Routes the level-triggered interrupts of a pin to `vector` on CPU 0. */
  async route(pin: number, vector: number): Promise<void> {
    await this.#write(entry(pin) + 1, 0);
    await this.#write(entry(pin), vector | levelTriggered);
  }

  async mask(pin: number): Promise<void> {
    await this.#write(entry(pin), masked);
  }

  /** True if an interrupt of this pin was delivered and has not ended. */
  async delivered(pin: number): Promise<boolean> {
    await this.#qtest.store(select, 4, entry(pin));
    return ((await this.#qtest.load(window, 4)) & remoteIrr) !== 0;
  }

  /** Ends the interrupt like the EOI of a CPU. If the pin is still high, it is delivered again. */
  async end(vector: number): Promise<void> {
    await this.#qtest.store(endOfInterrupt, 4, vector);
  }

  async #write(register: number, value: number): Promise<void> {
    await this.#qtest.store(select, 4, register);
    await this.#qtest.store(window, 4, value);
  }
}
