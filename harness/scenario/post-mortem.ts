// What is taken of a guest that has panicked, hangs or went down: the registers of all CPUs and, on request, its memory. The guest's
// end is QEMU's, so QEMU is told to stand still at it until that is done.

import { join } from 'node:path';
import { messageOf } from '../base/thrown.js';
import { waitForExit } from '../guest/request-backtraces.js';
import { dumpMemory } from '../qemu/dump.js';
import type { Machine } from '../qemu/process.js';
import { readRegisters } from '../qemu/registers.js';

/** Name of the file with the memory. */
export const memoryName = 'vmcore';

export class PostMortem {
  readonly #machine: Machine;
  readonly #dump: { readonly directory: string; readonly release: string } | undefined;
  #taken: Promise<void> | undefined;
  #registers: string | undefined;
  #memory: string | undefined;
  readonly #problems: string[] = [];

  /** The memory is written to `directory` if `dump` is given; `release` is the kernel's. */
  constructor(machine: Machine, dump?: { readonly directory: string; readonly release: string }) {
    this.#machine = machine;
    this.#dump = dump;
  }

  /** From now on the guest's end is that of QEMU only when everything has been taken. */
  async watch(): Promise<void> {
    const { qmp } = this.#machine;
    qmp.onEvent(({ event, data }) => {
      if (event !== 'SHUTDOWN' || data.guest !== true) return;
      // QEMU may be killed meanwhile, which is the end that was wanted.
      void this.take().then(() => qmp.execute('quit').catch(() => {}));
    });
    await qmp.execute('set-action', { shutdown: 'pause' });
  }

  /** Takes it of the guest as it is; once. */
  take(): Promise<void> {
    this.#taken ??= this.#take();
    return this.#taken;
  }

  /** Resolves when a guest that has panicked is gone, and everything taken; or when it has had its time to go. */
  async gone(): Promise<void> {
    await waitForExit(this.#machine);
    await this.#taken;
  }

  /** Text, if it was taken. */
  get registers(): string | undefined {
    return this.#registers;
  }

  /** Path of the file with the memory, if it was taken. */
  get memory(): string | undefined {
    return this.#memory;
  }

  /** What could not be taken, and why. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  async #take(): Promise<void> {
    await this.#attempt('the registers', async () => {
      this.#registers = await readRegisters(this.#machine);
    });
    if (this.#dump === undefined) return;
    const { directory, release } = this.#dump;
    const path = join(directory, memoryName);
    await this.#attempt("the guest's memory", async () => {
      await dumpMemory(this.#machine, path, release);
      this.#memory = path;
    });
  }

  async #attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#problems.push(`${what} could not be taken: ${messageOf(error)}`);
    }
  }
}
