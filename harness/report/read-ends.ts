// The beginning and the end of a text file that may be of any size.
import { open } from 'node:fs/promises';

export interface Ends {
  /** Whole lines, without those that are empty. */
  readonly lines: readonly string[];
  /** Bytes between the beginning and the end that were not read. */
  readonly skippedBytes: number;
}

export const noLines: Ends = { lines: [], skippedBytes: 0 };

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** All lines, or those of the first and the last half of `maxBytes`. Empty where there is no such file. */
export const readEnds = async (path: string, maxBytes: number): Promise<Ends> => {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    // Not everything is kept of a scenario that passed.
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return noLines;
  try {
    const { size } = await file.stat();
    if (size <= maxBytes) return { lines: linesOf(await file.readFile('utf8')), skippedBytes: 0 };
    const half = maxBytes >> 1;
    const read = async (position: number): Promise<string> => {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(half), position });
      return buffer.toString('utf8', 0, bytesRead);
    };
    const [head, tail] = [await read(0), await read(size - half)];
    // The lines at the cut are not whole.
    const [begin, end] = [head.slice(0, head.lastIndexOf('\n') + 1), tail.slice(tail.indexOf('\n') + 1)];
    const skippedBytes = size - Buffer.byteLength(begin) - Buffer.byteLength(end);
    return { lines: [...linesOf(begin), ...linesOf(end)], skippedBytes };
  } finally {
    await file.close();
  }
};
