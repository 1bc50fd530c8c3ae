// Reads what the guest's kernel knows about an interrupt.

import { parseNumber } from './guest-text.js';
import type { Programs } from './shell.js';

export interface Interrupt {
  /** Number of interrupts, on all CPUs. */
  count: number;
  /**
   * Number of recent unhandled interrupts. The kernel counts those less than 100 ms apart (note_interrupt).
   */
  unhandled: number;
  /** The kernel's name of the interrupt controller: `XT-PIC`, `IO-APIC`. */
  chip: string;
  /** The drivers that share it. */
  handlers: readonly string[];
}

/** Reads the state of an interrupt. `irq` is the kernel's number. Rejects with GUEST_READ. */
export const readInterrupt = async (shell: Programs, irq: number): Promise<Interrupt> => {
  const files = ['per_cpu_count', 'chip_name', 'actions'].map((name) => `/sys/kernel/irq/${irq}/${name}`);
  const text = await shell.output(['read-files', ...files, `/proc/irq/${irq}/spurious`]);
  const [counts = '', chip = '', actions = '', ...lines] = text.split('\n');
  const what = `interrupt ${irq}`;
  const unhandled = lines.map((line) => /^unhandled (.*)$/.exec(line)?.[1]).find(Boolean);
  return {
    count: counts.split(',').reduce((sum, perCpu) => sum + parseNumber(what, perCpu), 0),
    unhandled: parseNumber(`unhandled ${what}`, unhandled),
    chip,
    handlers: actions === '' ? [] : actions.split(','),
  };
};

/** The names of all interrupt controllers in use, without duplicates. */
export const interruptChips = async (shell: Programs): Promise<string[]> =>
  [...new Set((await shell.output(['read-files', '/sys/kernel/irq/*/chip_name'])).split('\n'))].filter(
    (name) => name !== '',
  );

/** True if a handler has a name. The kernel prints `(null)` for a handler without one. */
export const isName = (handler: string): boolean => handler !== '' && handler !== '(null)';

/**
 * True if the guest's kernel runs interrupt handlers in threads: with PREEMPT_RT or the parameter threadirqs.
 */
export const runsHandlersInThreads = async (shell: Programs): Promise<boolean> =>
  /\bPREEMPT_RT\b|\bthreadirqs\b/.test(await shell.output(['read-files', '/proc/version', '/proc/cmdline']));
