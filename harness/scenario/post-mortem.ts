// Saves the registers of all CPUs and, on request, the memory of a guest that has panicked, hangs or went
// down. QEMU would end with the guest, so it pauses the guest instead until everything is saved.

import { join } from 'node:path';
import { messageOf } from '../base/thrown.js';
import { waitForExit } from '../guest/request-backtraces.js';
import { type DumpedKernel, dumpMemory } from '../qemu/dump.js';
import type { Machine } from '../qemu/process.js';
import { readRegisters } from '../qemu/registers.js';

/** Name of the file with the memory. */
const memoryName = 'vmcore';

export interface Dump extends DumpedKernel {
  /** QEMU may write to it. */
  readonly directory: string;
}

export class PostMortem {
  readonly #machine: Machine;
  readonly #dump: Dump | undefined;
  #taken: Promise<void> | undefined;
  #registers: string | undefined;
  #memory: string | undefined;
  readonly #problems: string[] = [];

  /** The memory is written if `dump` is given. */
  constructor(machine: Machine, dump?: Dump) {
    this.#machine = machine;
    this.#dump = dump;
  }

  /** From now on QEMU does not end with the guest before everything has been saved. */
  async watch(): Promise<void> {
    const { qmp } = this.#machine;
    qmp.onEvent(({ event, data }) => {
      if (event !== 'SHUTDOWN' || data.guest !== true) return;
      // `quit` fails if QEMU was killed meanwhile, which also ends it.
      void this.take().then(() => qmp.execute('quit').catch(() => {}));
    });
    await qmp.execute('set-action', { shutdown: 'pause' });
  }

  /** Saves the current state of the guest. Only the first call does so. */
  take(): Promise<void> {
    this.#taken ??= this.#take();
    return this.#taken;
  }

  /** Resolves when a panicked guest has ended, or after a timeout, and when everything has been saved. */
  async gone(): Promise<void> {
    await waitForExit(this.#machine);
    await this.#taken;
  }

  /** The registers as text, if they were saved. */
  get registers(): string | undefined {
    return this.#registers;
  }

  /** Path of the file with the memory, if it was saved. */
  get memory(): string | undefined {
    return this.#memory;
  }

  /** What could not be saved, and why. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  async #take(): Promise<void> {
    await this.#attempt('the registers', async () => {
      this.#registers = await readRegisters(this.#machine);
    });
    if (this.#dump === undefined) return;
    const kernel = this.#dump;
    const path = join(kernel.directory, memoryName);
    await this.#attempt("the guest's memory", async () => {
      await dumpMemory(this.#machine, path, kernel);
      this.#memory = path;
    });
  }

  async #attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#problems.push(`${what} could not be saved: ${messageOf(error)}`);
    }
  }
}
