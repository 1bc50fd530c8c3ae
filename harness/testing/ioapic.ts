// The PC's I/O APIC, driven through its registers: under qtest there is no CPU to take an interrupt or to end
// it.

import type { Qtest } from './qtest.js';

const base = 0xfec0_0000;
const select = base;
const window = base + 0x10;
const endOfInterrupt = base + 0x40;

/** Of a redirection entry's low half. */
const levelTriggered = 1 << 15;
const remoteIrr = 1 << 14;
const masked = 1 << 16;

const entry = (pin: number): number => 0x10 + 2 * pin;

/** Pins count from 0 to 23; vectors from 0x10 to 0xfe. */
export class IoApic {
  readonly #qtest: Qtest;

  constructor(qtest: Qtest) {
    this.#qtest = qtest;
  }

  /**
   * Has a pin's interrupts delivered at `vector` to CPU 0, for as long as the pin is high (level-triggered).
   */
  async route(pin: number, vector: number): Promise<void> {
    await this.#write(entry(pin) + 1, 0);
    await this.#write(entry(pin), vector | levelTriggered);
  }

  async mask(pin: number): Promise<void> {
    await this.#write(entry(pin), masked);
  }

  /** An interrupt of this pin was delivered and has not ended. */
  async delivered(pin: number): Promise<boolean> {
    await this.#qtest.store(select, 4, entry(pin));
    return ((await this.#qtest.load(window, 4)) & remoteIrr) !== 0;
  }

  /** Ends the interrupt, as the CPU's EOI does. A pin that is still high is delivered again. */
  async end(vector: number): Promise<void> {
    await this.#qtest.store(endOfInterrupt, 4, vector);
  }

  async #write(register: number, value: number): Promise<void> {
    await this.#qtest.store(select, 4, register);
    await this.#qtest.store(window, 4, value);
  }
}
