// What is special about one cell: the same scenario on the other kernels, told apart by how it ended.
import { firstLine, shorten } from '../base/text.js';
import type { TraceEvent } from '../base/trace.js';
import type { ReportCell } from './model.js';

/** What two reasons differ in beyond this is the rest of a value. */
const maxCompared = 300;

/** Numbers differ from run to run; the words around them are what is compared. */
const wordsOf = (reason: string): string =>
  shorten(firstLine(reason), maxCompared).replaceAll(/0x[0-9a-f]+|\d+/gi, 'N');

/** The same for cells that ended alike, but for numbers. */
export const signatureOf = ({ verdict, reasons }: ReportCell): string =>
  JSON.stringify([verdict, reasons.map(wordsOf)]);

/** Lines for a reader; empty when there is nothing to compare with. `others` are the same row's cells. */
export const compareOutcomes = (cell: ReportCell, others: readonly ReportCell[]): string[] => {
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

/** One scenario that did not end alike on all kernels on which it ran. */
export interface Parting {
  readonly scenario: string;
  /** Cells that ended alike together; the largest group first, so that the odd ones out are last. */
  readonly groups: readonly (readonly ReportCell[])[];
}

/** `rows` are those of one generation's grid. What did not run says nothing about a kernel, and is left out. */
export const partingsOf = (
  rows: readonly { readonly name: string; readonly cells: readonly (ReportCell | undefined)[] }[],
): Parting[] =>
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

/** What the driver asked of the device, without the values: `read 24/4` is offset 24, 4 bytes. */
export const transcriptOf = (events: readonly TraceEvent[]): string[] =>
  events
    .filter((event) => event.kind === 'bar-read' || event.kind === 'bar-write')
    .map(({ kind, offset, width }) => `${kind === 'bar-read' ? 'read' : 'write'} ${offset}/${width}`);

/** The first access in which two transcripts differ; undefined when they are the same. */
export const compareTranscripts = (
  mine: readonly string[],
  { kernel, theirs }: { kernel: string; theirs: readonly string[] },
): string | undefined => {
  const length = Math.max(mine.length, theirs.length);
  for (let index = 0; index < length; index++) {
    if (mine[index] === theirs[index]) continue;
    const [here = 'nothing more', there = 'nothing more'] = [mine[index], theirs[index]];
    return `register accesses part from those on ${kernel} at number ${index + 1}: ${here} here, ${there} there`;
  }
  return undefined;
};
