// What the guest's kernel knows of one interrupt.

import { HarnessError } from '../base/errors.js';
import type { Programs } from './shell.js';

export interface Interrupt {
  /** How often it came, on all CPUs. */
  count: number;
  /** How many of the last ones nobody claimed; the kernel counts those less than 100 ms apart (note_interrupt). */
  unhandled: number;
  /** The kernel's name of the controller that it comes through: `XT-PIC`, `IO-APIC`. */
  chip: string;
  /** The drivers that share it. */
  handlers: readonly string[];
}

/** `irq` as the kernel numbers it. GUEST_READ. */
export const readInterrupt = async (shell: Programs, irq: number): Promise<Interrupt> => {
  const files = ['per_cpu_count', 'chip_name', 'actions'].map((name) => `/sys/kernel/irq/${irq}/${name}`);
  const text = await shell.output(['read-files', ...files, `/proc/irq/${irq}/spurious`]);
  const [counts = '', chip = '', actions = '', ...lines] = text.split('\n');
  const unhandled = lines.map((line) => /^unhandled (\d+)$/.exec(line)?.[1]).find(Boolean);
  if (!/^\d+(,\d+)*$/.test(counts) || unhandled === undefined)
    throw new HarnessError('GUEST_READ', { what: `interrupt ${irq}`, expected: 'counts', got: text });
  return {
    count: counts.split(',').reduce((sum, each) => sum + Number(each), 0),
    unhandled: Number(unhandled),
    chip,
    handlers: actions === '' ? [] : actions.split(','),
  };
};

/** The controllers that any interrupt of the guest comes through, each once. */
export const interruptChips = async (shell: Programs): Promise<string[]> =>
  [...new Set((await shell.output(['read-files', '/sys/kernel/irq/*/chip_name'])).split('\n'))].filter(
    (name) => name !== '',
  );
