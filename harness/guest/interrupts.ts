// What the guest's kernel knows of one interrupt.

import { HarnessError } from '../base/errors.js';
import type { Commands } from './shell.js';

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
export const readInterrupt = async (shell: Commands, irq: number): Promise<Interrupt> => {
  const text = await shell.text(
    `cd /sys/kernel/irq/${irq} && cat per_cpu_count chip_name actions /proc/irq/${irq}/spurious`,
  );
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
export const interruptChips = async (shell: Commands): Promise<string[]> =>
  (await shell.text('cat /sys/kernel/irq/*/chip_name | sort -u')).split('\n').filter((name) => name !== '');
