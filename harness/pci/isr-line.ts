// The interrupt line as a pure state machine: what each event makes of it, and whether the client is
// signalled.

import type { Generation } from '../vmmci/generations.js';

/** The part of a generation that the line depends on. */
export type LineRules = Pick<Generation, 'interrupt' | 'maskedAssert' | 'isrReadLowersLine'>;

export interface Line {
  /** What vmd would have on the wire. */
  readonly asserted: boolean;
  /** The client gave an eventfd. */
  readonly armed: boolean;
  /**
   * Not to be signalled until UNMASK: the client sent MASK, or was signalled, which masks INTx by itself
   * (AUTOMASKED in VFIO's interrupt information). (Masked inside the guest is QEMU's own business and not
   * seen here.)
   */
  readonly masked: boolean;
  /** Raised while masked, to be told on unmask. */
  readonly latched: boolean;
}

export type LineEvent = 'raise' | 'isr-read' | 'mask' | 'unmask' | 'arm' | 'disarm' | 'reset';

export interface Step {
  line: Line;
  /** Write to the eventfd. */
  signal: boolean;
}

export const idleLine: Line = { asserted: false, armed: false, masked: false, latched: false };

type Rule = (line: Line, rules: LineRules) => Step;

const quiet = (line: Line): Step => ({ line, signal: false });

/** Signals where somebody listens, and is masked from then on. */
const signalled = (line: Line, wanted = true): Step => {
  const signal = wanted && line.armed;
  return { line: signal ? { ...line, masked: true } : line, signal };
};

const rulesOf: Record<LineEvent, Rule> = {
  raise: (line, { maskedAssert }) =>
    line.armed && line.masked
      ? quiet({ ...line, asserted: true, latched: maskedAssert === 'latched' })
      : signalled({ ...line, asserted: true }),
  // vmd virtio.c 1.54 and 1.59 clear ISR and leave the line; 1.75 and later lower it.
  'isr-read': (line, { isrReadLowersLine }) =>
    quiet(isrReadLowersLine ? { ...line, asserted: false, latched: false } : line),
  mask: (line) => quiet({ ...line, masked: true }),
  // One-shot (vmd i8259.c): the PIC never looks at the level again. Level (i82093aa.c 1.3): EOI delivers
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
  // A reset device drives nothing; what the client set up is not the device's to undo.
  reset: (line) => quiet({ ...line, asserted: false, latched: false }),
};

export const stepLine = (line: Line, event: LineEvent, rules: LineRules): Step => rulesOf[event](line, rules);
