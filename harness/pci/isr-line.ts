// The interrupt line as a pure state machine: the next state for each event, and whether the client is
// signalled.

import type { Generation } from '../vmmci/generations.js';

/** The fields of a generation that affect the line. */
export type LineRules = Pick<Generation, 'interrupt' | 'maskedAssert' | 'isrReadLowersLine'>;

export interface Line {
  /** The level of the line in vmd. */
  readonly asserted: boolean;
  /** True if the client has passed an eventfd. */
  readonly armed: boolean;
  /**
   * True if the client must not be signalled before UNMASK: it sent MASK, or it was signalled, which masks
   * INTx automatically (AUTOMASKED in VFIO's interrupt information). Masking inside the guest is handled by
   * QEMU and not visible here.
   */
  readonly masked: boolean;
  /** True if the line was raised while masked, and UNMASK must signal it. */
  readonly latched: boolean;
}

export type LineEvent = 'raise' | 'isr-read' | 'withdrawn' | 'mask' | 'unmask' | 'arm' | 'disarm' | 'reset';

export interface Step {
  line: Line;
  /** True if the eventfd must be signalled. */
  signal: boolean;
}

export const idleLine: Line = { asserted: false, armed: false, masked: false, latched: false };

type Rule = (line: Line, rules: LineRules) => Step;

const quiet = (line: Line): Step => ({ line, signal: false });

/** Signals if an eventfd is armed; the line is masked from then on. */
const signalled = (line: Line, wanted = true): Step => {
  const signal = wanted && line.armed;
  return { line: signal ? { ...line, masked: true } : line, signal };
};

const rulesOf: Record<LineEvent, Rule> = {
  raise: (line, { maskedAssert }) =>
    line.armed && line.masked
      ? quiet({ ...line, asserted: true, latched: maskedAssert === 'latched' })
      : signalled({ ...line, asserted: true }),
  // vmd virtio.c 1.54 and 1.59 clear ISR and do not change the line; 1.75 and later lower it.
  'isr-read': (line, { isrReadLowersLine }) =>
    quiet(isrReadLowersLine ? { ...line, asserted: false, latched: false } : line),
  // The client has not read the signal, and so sends no UNMASK for it.
  withdrawn: (line) => quiet({ ...line, masked: false }),
  mask: (line) => quiet({ ...line, masked: true }),
  // One-shot (vmd i8259.c): the PIC does not check the level again. Level (i82093aa.c 1.3): EOI delivers
  // again.
  unmask: (line, { interrupt }) =>
    signalled(
      { ...line, masked: false, latched: false },
      interrupt === 'level' ? line.asserted : line.latched,
    ),
  arm: (line, { interrupt }) =>
    signalled(
      { ...line, armed: true, masked: false, latched: false },
      interrupt === 'level' && line.asserted,
    ),
  disarm: (line) => quiet({ ...line, armed: false, masked: false, latched: false }),
  // A reset lowers the line. It does not undo what the client has set up.
  reset: (line) => quiet({ ...line, asserted: false, latched: false }),
};

export const stepLine = (line: Line, event: LineEvent, rules: LineRules): Step => rulesOf[event](line, rules);
