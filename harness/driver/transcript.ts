// The transcript of a driver: its accesses to the registers of the device in order, extracted from a trace,
// written to a file and parsed again.

import type { TraceData } from '../base/trace.js';
import { registerAt, registers } from '../vmmci/registers.js';

/** A phase of the life of a driver, such as `probe`. */
export interface Phase {
  readonly name: string;
  /** `read hostFeatures = 0x7`; includes the width in bits if it is not that of the register. */
  readonly accesses: readonly string[];
}

/** A phase with this name only ends the previous one; it is not part of the transcript. */
export const lastPhase = 'end';

type Access = TraceData<'bar-read' | 'bar-write'>;

const access = ({ kind, offset, width, value }: Access): string => {
  const name = registerAt(offset);
  const natural = name === undefined ? 4 : registers[name].size;
  const where = `${name ?? `offset ${offset}`}${width === natural ? '' : ` (${width * 8} bits)`}`;
  return `${kind === 'bar-read' ? 'read' : 'write'} ${where} = 0x${value.toString(16)}`;
};

/**
 * True for a read of the status. Linux itself reads the status before it writes it, how often depends on its
 * version, so such a read says nothing about the driver.
 */
const isStatusRead = ({ kind, offset }: Access): boolean =>
  kind === 'bar-read' && registerAt(offset) === 'status';

/** The accesses to BAR0 by phase. Accesses before the first phase are left out. */
export const transcriptOf = (events: readonly TraceData[]): Phase[] => {
  const phases: { name: string; accesses: string[] }[] = [];
  for (const event of events) {
    if (event.kind === 'phase') phases.push({ name: event.name, accesses: [] });
    if (event.kind !== 'bar-read' && event.kind !== 'bar-write') continue;
    if (!isStatusRead(event)) phases.at(-1)?.accesses.push(access(event));
  }
  return phases.filter(({ name }) => name !== lastPhase);
};

/**
 * The accesses without the one by which they first differ from `known`, if that is a read of the ISR: a
 * kernel with DEBUG_SHIRQ calls the handler of a shared line once more when it frees the interrupt
 * (kernel/irq/manage.c).
 */
export const withoutLastCall = (accesses: readonly string[], known: readonly string[]): readonly string[] => {
  const at = accesses.findIndex((access, index) => access !== known[index]);
  return accesses[at]?.startsWith('read isr ') === true ? accesses.toSpliced(at, 1) : accesses;
};

/** Formats phases; their accesses are indented. */
export const render = (phases: readonly Phase[]): string =>
  phases.map(({ name, accesses }) => `${name}\n${accesses.map((line) => `  ${line}\n`).join('')}`).join('\n');

const head = `# The accesses to the registers that this driver makes, in order. Written by: vmmci transcript --update
`;

/** The content of the file beside a driver. */
export const toFile = (phases: readonly Phase[]): string => `${head}\n${render(phases)}`;

/**
 * Parses the text of `toFile`. Ignores empty lines and lines that begin with #. Throws an Error for an access
 * outside of a phase, with the line number.
 */
export const fromFile = (text: string): Phase[] => {
  const phases: { name: string; accesses: string[] }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) phases.push({ name: line.trim(), accesses: [] });
    else if (phases.length === 0) throw new Error(`line ${index + 1} is an access outside of a phase`);
    else phases.at(-1)?.accesses.push(line.trim());
  }
  return phases;
};
