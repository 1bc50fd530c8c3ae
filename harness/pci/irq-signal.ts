// Carries out the effects of the interrupt line: signals the client's eventfd and writes the trace.

import type { TraceSink } from '../base/trace.js';
import { idleLine, type Line, type LineEvent, type LineRules, stepLine } from './isr-line.js';

/**
 * Operations on an eventfd. `signal` adds 1 to it. `withdraw` sets it to 0, and returns false if it is 0
 * already; without it, a signal stays until the client reads it.
 */
export interface Eventfds {
  signal(fd: number): unknown;
  withdraw?(fd: number): boolean;
  close(fd: number): void;
}

export class IrqSignal {
  readonly #rules: LineRules;
  readonly #eventfds: Eventfds;
  readonly #trace: TraceSink;
  #line: Line = idleLine;
  #trigger: number | null = null;
  #interrupts = 0;

  constructor(rules: LineRules, eventfds: Eventfds, trace: TraceSink) {
    this.#rules = rules;
    this.#eventfds = eventfds;
    this.#trace = trace;
  }

  /** Raises the line. `isr` is only traced, in the methods below too. */
  raise(isr: number): void {
    this.#step('raise', isr);
  }

  isrRead(): void {
    const { asserted } = this.#line;
    this.#step('isr-read', 0);
    if (!asserted || this.#line.asserted) return;
    this.#trace({ kind: 'interrupt', line: 'lower', isr: 0 });
    this.#withdraw();
  }

  /**
   * A level that is low again interrupts nobody. QEMU reads the eventfd late if the host is busy; it would
   * raise its line for a function that no driver has any more, and its I/O APIC would keep that for the next
   * driver.
   */
  #withdraw(): void {
    if (this.#rules.interrupt !== 'level' || !this.#line.masked || this.#trigger === null) return;
    if (!this.#eventfds.withdraw?.(this.#trigger)) return;
    this.#trace({ kind: 'irq', event: 'withdrawn' });
    this.#step('withdrawn', 0);
  }

  /** Takes ownership of the eventfd and closes the previous one. `null` disables interrupts. */
  arm(trigger: number | null, isr: number): void {
    if (this.#trigger !== null) this.#eventfds.close(this.#trigger);
    if (trigger !== null || this.#trigger !== null)
      this.#trace({ kind: 'irq', event: trigger === null ? 'disabled' : 'armed' });
    this.#trigger = trigger;
    this.#step(trigger === null ? 'disarm' : 'arm', isr);
  }

  /**
   * Signals the client at its own request; the line does not change. Returns false if there is no eventfd.
   */
  loopback(): boolean {
    if (this.#trigger === null) return false;
    this.#trace({ kind: 'irq', event: 'loopback' });
    this.#eventfds.signal(this.#trigger);
    return true;
  }

  mask(): void {
    this.#trace({ kind: 'irq', event: 'mask' });
    this.#step('mask', 0);
  }

  unmask(isr: number): void {
    this.#trace({ kind: 'irq', event: 'unmask' });
    this.#step('unmask', isr);
  }

  reset(): void {
    this.#step('reset', 0);
  }

  state(): { line: 'high' | 'low'; armed: boolean; masked: boolean; interrupts: number } {
    const { asserted, armed, masked } = this.#line;
    return { line: asserted ? 'high' : 'low', armed, masked, interrupts: this.#interrupts };
  }

  #step(event: LineEvent, isr: number): void {
    const { line, signal } = stepLine(this.#line, event, this.#rules);
    this.#line = line;
    if (event === 'raise' || signal)
      this.#trace({ kind: 'interrupt', line: 'raise', isr, cause: event, signalled: signal });
    if (!signal || this.#trigger === null) return;
    this.#interrupts++;
    this.#eventfds.signal(this.#trigger);
  }
}
