// What a driver does to the registers of the device, in order: made of a trace, written down, and read back.

import type { TraceData } from '../base/trace.js';
import { registerAt } from '../vmmci/registers.js';

/** One part of a driver's life, such as `probe`. */
export interface Phase {
  readonly name: string;
  /** `read hostFeatures = 0x7`; the width in bits where it is not that of the register. */
  readonly accesses: readonly string[];
}

/** A phase of this name ends the one before and is itself no part of the transcript. */
export const lastPhase = 'end';

const natural: Readonly<Record<string, number>> = {
  status: 1,
  isr: 1,
  queueSize: 2,
  queueSelect: 2,
  queueNotify: 2,
};

type Access = TraceData<'bar-read' | 'bar-write'>;

const access = ({ kind, offset, width, value }: Access): string => {
  const name = registerAt(offset) ?? `offset ${offset}`;
  const odd = width === (natural[name] ?? 4) ? '' : ` (${width * 8} bits)`;
  return `${kind === 'bar-read' ? 'read' : 'write'} ${name}${odd} = 0x${value.toString(16)}`;
};

/**
 * Linux itself reads the status before it writes it, how often is a matter of its version: such a read says
 * nothing of the driver.
 */
const isCore = ({ kind, offset }: Access): boolean => kind === 'bar-read' && registerAt(offset) === 'status';

/** The accesses to BAR0 by phase; what comes before the first mark is left out. */
export const transcriptOf = (events: readonly TraceData[]): Phase[] => {
  const phases: { name: string; accesses: string[] }[] = [];
  for (const event of events) {
    if (event.kind === 'phase') phases.push({ name: event.name, accesses: [] });
    if (event.kind !== 'bar-read' && event.kind !== 'bar-write') continue;
    if (!isCore(event)) phases.at(-1)?.accesses.push(access(event));
  }
  return phases.filter(({ name }) => name !== lastPhase);
};

/** Accesses are indented, phases are not. */
export const render = (phases: readonly Phase[]): string =>
  phases.map(({ name, accesses }) => `${name}\n${accesses.map((line) => `  ${line}\n`).join('')}`).join('\n');

const head = `# The accesses to the registers that this driver makes, in order. Written by: vmmci transcript --update
`;

/** What is stored beside a driver. */
export const toFile = (phases: readonly Phase[]): string => `${head}\n${render(phases)}`;

/**
 * Reads `toFile`'s text; lines that begin with # and empty ones do not count. Throws an Error that names a
 * line out of place.
 */
export const fromFile = (text: string): Phase[] => {
  const phases: { name: string; accesses: string[] }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) phases.push({ name: line.trim(), accesses: [] });
    else if (phases.length === 0) throw new Error(`line ${index + 1} is an access outside of any phase`);
    else phases.at(-1)?.accesses.push(line.trim());
  }
  return phases;
};
