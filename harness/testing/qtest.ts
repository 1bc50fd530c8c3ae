// The qtest protocol (QEMU 11.1, system/qtest.c): one line a command, `OK …` or `FAIL …` back, `IRQ raise N`
// at any time.

import type { Duplex } from 'node:stream';
import { HarnessError } from '../base/errors.js';

export type Width = 1 | 2 | 4;

export interface IrqChange {
  line: number;
  level: boolean;
}

const suffix: Readonly<Record<Width, string>> = { 1: 'b', 2: 'w', 4: 'l' };

/** PCI configuration mechanism 1. */
const configAddress = 0xcf8;
const configData = 0xcfc;

interface Pending {
  command: string;
  resolve(rest: string): void;
  reject(error: Error): void;
}

/**
 * Drives a machine without a CPU. Commands are answered in order; each rejects with QTEST when refused or
 * when QEMU is gone.
 */
/**
 * Far longer than an interrupt takes to QEMU's interrupt controller, even on a busy machine, in milliseconds.
 */
const hangMs = 120_000;

export class Qtest {
  readonly #stream: Duplex;
  readonly #pending: Pending[] = [];
  readonly #listeners = new Set<(change: IrqChange) => void>();
  readonly #levels = new Map<number, boolean>();
  #partial = '';
  #ended = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.setEncoding('latin1');
    stream.on('data', (text: string) => this.#feed(text));
    for (const ending of ['end', 'close', 'error']) stream.on(ending, () => this.#end());
  }

  /** Sends a command line as it is; resolves with what follows `OK`. */
  command(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(new HarnessError('QTEST', { command: line, reason: 'QEMU is gone' }));
        return;
      }
      this.#pending.push({ command: line, resolve, reject });
      this.#stream.write(`${line}\n`);
    });
  }

  async in(port: number, width: Width): Promise<number> {
    return Number(await this.command(`in${suffix[width]} 0x${port.toString(16)}`));
  }

  async out(port: number, width: Width, value: number): Promise<void> {
    await this.command(`out${suffix[width]} 0x${port.toString(16)} 0x${value.toString(16)}`);
  }

  /** Reads physical memory or what is mapped there, as a CPU would. */
  async load(address: number, width: Width): Promise<number> {
    return Number(await this.command(`read${suffix[width]} 0x${address.toString(16)}`));
  }

  async store(address: number, width: Width, value: number): Promise<void> {
    await this.command(`write${suffix[width]} 0x${address.toString(16)} 0x${value.toString(16)}`);
  }

  /**
   * Reads PCI configuration space of `slot` (function 0, bus 0) at any offset, as a CPU would through 0xcf8.
   */
  async configRead(slot: number, offset: number, width: Width): Promise<number> {
    await this.#select(slot, offset);
    return this.in(configData + (offset & 3), width);
  }

  async configWrite(slot: number, offset: number, width: Width, value: number): Promise<void> {
    await this.#select(slot, offset);
    await this.out(configData + (offset & 3), width, value);
  }

  /** Has changes at the inputs of a device reported, e.g. `ioapic`. Once per machine. */
  async interceptIrqs(path: string): Promise<void> {
    await this.command(`irq_intercept_in ${path}`);
  }

  /**
   * Resolves once an intercepted line is at `level`: at once if it is. Rejects with QTEST if it is not within
   * `ms`, which by default only detects a hang.
   */
  waitLevel(line: number, level: boolean, ms = hangMs): Promise<void> {
    if (this.level(line) === level) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const command = `wait for line ${line} to ${level ? 'rise' : 'fall'}`;
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        stop();
        act();
      };
      const timer = setTimeout(
        () => settle(() => reject(new HarnessError('QTEST', { command, reason: `not within ${ms} ms` }))),
        ms,
      );
      const stop = this.onIrq((change) => {
        if (change.line === line && change.level === level) settle(resolve);
      });
    });
  }

  /** The level of an intercepted line as last reported; false before any report. */
  level(line: number): boolean {
    return this.#levels.get(line) ?? false;
  }

  /** Calls back for each later change until the returned function is called. */
  onIrq(listener: (change: IrqChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Lets `ns` nanoseconds of the machine's own time pass; time stands still otherwise. Resolves with the new
   * time.
   */
  async step(ns: number): Promise<number> {
    return Number(await this.command(`clock_step ${ns}`));
  }

  #select(slot: number, offset: number): Promise<void> {
    return this.out(configAddress, 4, (0x8000_0000 | (slot << 11) | (offset & 0xfc)) >>> 0);
  }

  #feed(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#line(line.trim());
  }

  #line(line: string): void {
    const irq = /^IRQ (raise|lower) (\d+)$/.exec(line);
    if (irq) {
      const change = { line: Number(irq[2]), level: irq[1] === 'raise' };
      this.#levels.set(change.line, change.level);
      for (const listener of this.#listeners) listener(change);
      return;
    }
    const pending = this.#pending.shift();
    if (pending === undefined) return;
    if (line === 'OK' || line.startsWith('OK ')) pending.resolve(line.slice(3));
    else pending.reject(new HarnessError('QTEST', { command: pending.command, reason: line }));
  }

  #end(): void {
    this.#ended = true;
    for (const { command, reject } of this.#pending.splice(0)) {
      reject(new HarnessError('QTEST', { command, reason: 'QEMU is gone' }));
    }
  }
}
