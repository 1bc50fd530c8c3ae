// The progress display of a matrix: a board at the bottom of a terminal, or plain lines elsewhere.

import { printable } from '../base/text.js';
import { type BoardRow, renderBoard } from '../report/board.js';
import type { ReportCell, ReportStep } from '../report/model.js';
import { progressLines } from './progress-lines.js';

export interface LiveBoard {
  /** Prints a line. */
  line(text: string): void;
  /** Prints a line if there is no board. */
  detail(text: string): void;
  step(kernel: string, step: ReportStep): void;
  cells(done: readonly ReportCell[]): void;
  /** Removes the board. */
  close(): void;
}

/** The part of a terminal stream that the board uses. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * `planned`: number of cells by kernel, in the order of the run. A terminal with too few rows gets plain
 * lines.
 */
export const liveBoard = (
  planned: ReadonlyMap<string, number>,
  terminal: Terminal = process.stderr,
  now: () => number = () => performance.now(),
): LiveBoard => {
  const hasBoard = terminal.isTTY === true && (terminal.rows ?? 0) > planned.size + 3;
  const print = progressLines(now, (text) => terminal.write(text));
  if (!hasBoard) return { line: print, detail: print, step: () => {}, cells: () => {}, close: () => {} };
  const rows = new Map<string, BoardRow>(
    [...planned].map(([kernel, count]) => [kernel, { kernel, planned: count, steps: [], cells: [] }]),
  );
  let shown = 0;
  const clear = (): void => {
    if (shown > 0) terminal.write(`\x1b[${shown}A\x1b[0J`);
    shown = 0;
  };
  const draw = (): void => {
    clear();
    // Leave one column free, because some terminals wrap a full line.
    const lines = renderBoard([...rows.values()], (terminal.columns ?? 80) - 1);
    terminal.write(lines.map((line) => `${printable(line)}\n`).join(''));
    shown = lines.length;
  };
  const change = (kernel: string, more: (row: BoardRow) => Partial<BoardRow>): void => {
    const row = rows.get(kernel);
    if (row !== undefined) rows.set(kernel, { ...row, ...more(row) });
  };
  draw();
  return {
    line: (text) => {
      clear();
      print(text);
      draw();
    },
    detail: () => {},
    step: (kernel, step) => {
      change(kernel, ({ steps }) => ({ steps: [...steps, step] }));
      draw();
    },
    cells: (done) => {
      for (const cell of done) change(cell.kernel, ({ cells }) => ({ cells: [...cells, cell] }));
      draw();
    },
    close: clear,
  };
};
