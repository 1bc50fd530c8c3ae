// Compares the results of one scenario on several kernels.

import { firstLine, shorten } from '../base/text.js';
import type { TraceEvent } from '../base/trace.js';
import type { ReportCell } from './model.js';

/** Longer reasons only differ in the rest of a value. */
const maxCompared = 300;

/** Replaces numbers, which differ from run to run, so that only the words are compared. */
const wordsOf = (reason: string): string =>
  shorten(firstLine(reason), maxCompared).replaceAll(/0x[0-9a-f]+|\d+/gi, 'N');

/** Equal for cells with the same verdict and reasons, numbers ignored. */
export const signatureOf = ({ verdict, reasons }: ReportCell): string =>
  JSON.stringify([verdict, reasons.map(wordsOf)]);

/** Compares a cell with the other cells of its row, as lines of text. Empty if no other cell ran. */
export const compareResults = (cell: ReportCell, others: readonly ReportCell[]): string[] => {
  const ran = others.filter(({ kernel, directory }) => kernel !== cell.kernel && directory !== null);
  const names = (cells: readonly ReportCell[]): string => cells.map(({ kernel }) => kernel).join(', ');
  const same = ran.filter((other) => signatureOf(other) === signatureOf(cell));
  const passed = ran.filter((other) => other.verdict === 'passed' && cell.verdict !== 'passed');
  const rest = ran.filter((other) => !same.includes(other) && !passed.includes(other));
  return [
    ...(same.length > 0 ? [`the same on ${names(same)}`] : []),
    ...(passed.length > 0 ? [`passed on ${names(passed)}`] : []),
    ...rest.map(({ kernel, verdict, reasons }) => `${verdict} on ${kernel}: ${firstLine(reasons[0])}`),
  ];
};

/** A scenario whose result differs between the kernels on which it ran. */
export interface Divergence {
  readonly scenario: string;
  /** Cells with the same result form a group. The largest group comes first, the exceptions last. */
  readonly groups: readonly (readonly ReportCell[])[];
}

/**
 * Takes the rows of one generation's grid. Ignores cells that did not run, because they show nothing about a
 * kernel.
 */
export const divergencesOf = (
  rows: readonly { readonly name: string; readonly cells: readonly (ReportCell | undefined)[] }[],
): Divergence[] =>
  rows.flatMap(({ name, cells }) => {
    const groups = new Map<string, ReportCell[]>();
    for (const cell of cells) {
      if (cell === undefined || cell.directory === null) continue;
      const key = signatureOf(cell);
      groups.set(key, [...(groups.get(key) ?? []), cell]);
    }
    if (groups.size < 2) return [];
    return [
      { scenario: name, groups: [...groups.values()].sort((left, right) => right.length - left.length) },
    ];
  });

/** The driver's register accesses without their values: `read 24/4` is offset 24, 4 bytes. */
export const transcriptOf = (events: readonly TraceEvent[]): string[] =>
  events
    .filter((event) => event.kind === 'bar-read' || event.kind === 'bar-write')
    .map(({ kind, offset, width }) => `${kind === 'bar-read' ? 'read' : 'write'} ${offset}/${width}`);

/** Describes the first access in which two transcripts differ; undefined if they are equal. */
export const compareTranscripts = (
  mine: readonly string[],
  { kernel, theirs }: { kernel: string; theirs: readonly string[] },
): string | undefined => {
  const length = Math.max(mine.length, theirs.length);
  for (let index = 0; index < length; index++) {
    if (mine[index] === theirs[index]) continue;
    const [here = 'nothing more', there = 'nothing more'] = [mine[index], theirs[index]];
    return `register access ${index + 1} differs from ${kernel}: ${here} here, ${there} there`;
  }
  return undefined;
};
