// Drives the two i8259 interrupt controllers of the PC through their ports, since qtest has no CPU.

import type { Qtest } from './qtest.js';

const master = { command: 0x20, data: 0x21, trigger: 0x4d0, vector: 0x20, wiring: 1 << 2 };
const slave = { command: 0xa0, data: 0xa1, trigger: 0x4d1, vector: 0x28, wiring: 2 };

/** The line of the master to which the slave is connected. */
const cascade = 2;

const initialize = 0x11; // ICW1: edge unless the trigger register says level, ICW4 follows
const mode8086 = 0x01; // ICW4
const poll = 0x0c; // OCW3: the next read acknowledges
const endOf = 0x60; // OCW2: the end of the interrupt whose number is added
const found = 0x80;

const chipOf = (line: number) => (line < 8 ? master : slave);

/** Lines are 0 to 15. */
export class Pic {
  readonly #qtest: Qtest;
  /** One bit per line. */
  #masked = 0;

  constructor(qtest: Qtest) {
    this.#qtest = qtest;
  }

  /**
   * Initializes both with every line masked. Lines in `level` are level-triggered, the others edge-triggered.
   */
  async start(level: readonly number[]): Promise<void> {
    const triggers = level.reduce((bits, line) => bits | (1 << line), 0);
    for (const chip of [master, slave]) {
      const { command, data, vector, wiring, trigger } = chip;
      await this.#qtest.out(command, 1, initialize);
      for (const word of [vector, wiring, mode8086]) await this.#qtest.out(data, 1, word);
      await this.#qtest.out(trigger, 1, chip === master ? triggers & 0xff : triggers >> 8);
    }
    await this.#setMask(0xffff & ~(1 << cascade));
  }

  mask(line: number): Promise<void> {
    return this.#setMask(this.#masked | (1 << line));
  }

  unmask(line: number): Promise<void> {
    return this.#setMask(this.#masked & ~(1 << line));
  }

  /** Acknowledges the interrupt that a CPU would take now. Undefined if none is pending. */
  async take(): Promise<number | undefined> {
    const first = await this.#poll(master.command);
    if (first !== cascade) return first;
    const second = await this.#poll(slave.command);
    return second === undefined ? undefined : 8 + second;
  }

  /** Sends the EOI with which a handler ends. */
  async end(line: number): Promise<void> {
    await this.#qtest.out(chipOf(line).command, 1, endOf | (line & 7));
    if (line >= 8) await this.#qtest.out(master.command, 1, endOf | cascade);
  }

  async #poll(command: number): Promise<number | undefined> {
    await this.#qtest.out(command, 1, poll);
    const answer = await this.#qtest.in(command, 1);
    return (answer & found) === 0 ? undefined : answer & 7;
  }

  async #setMask(masked: number): Promise<void> {
    this.#masked = masked;
    await this.#qtest.out(master.data, 1, masked & 0xff);
    await this.#qtest.out(slave.data, 1, masked >> 8);
  }
}
