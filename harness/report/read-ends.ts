// Reads the beginning and the end of a text file of any size.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { HarnessError } from '../base/errors.js';
import { ifExists } from '../base/if-exists.js';

export interface Ends {
  /** Complete lines, without empty ones. */
  readonly lines: readonly string[];
  /** Bytes between the beginning and the end that were not read. */
  readonly skippedBytes: number;
}

const noLines: Ends = { lines: [], skippedBytes: 0 };

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/**
 * All lines; of a file above `maxBytes`, the lines in its first and last `maxBytes / 2` bytes. Empty if the
 * file is missing. Rejects with REPORT_READ if it is no file.
 */
export const readEnds = async (path: string, maxBytes: number): Promise<Ends> => {
  // A scenario that passed does not keep all of its artifacts.
  // Opening a FIFO would wait for a writer.
  const file = await ifExists(open(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (file === undefined) return noLines;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new HarnessError('REPORT_READ', { path, reason: 'it is not a regular file' });
    const { size } = found;
    if (size <= maxBytes) return { lines: linesOf(await file.readFile('utf8')), skippedBytes: 0 };
    const half = maxBytes >> 1;
    const read = async (position: number): Promise<string> => {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(half), position });
      return buffer.toString('utf8', 0, bytesRead);
    };
    const [head, tail] = [await read(0), await read(size - half)];
    // The lines at the cut are incomplete.
    const [begin, end] = [head.slice(0, head.lastIndexOf('\n') + 1), tail.slice(tail.indexOf('\n') + 1)];
    const skippedBytes = size - Buffer.byteLength(begin) - Buffer.byteLength(end);
    return { lines: [...linesOf(begin), ...linesOf(end)], skippedBytes };
  } finally {
    await file.close();
  }
};
