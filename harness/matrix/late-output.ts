// What a scenario process prints when none of its files runs: after the end of one, or while it ends itself.

import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { linesBesideTap } from '../report/tap-digest.js';
import type { Cell } from './plan.js';

/** Below the directory of a kernel. */
export const lateOutputFile = 'late-output.txt';

/** Gets what came after the end of that cell's file, and perhaps of the one before it. */
export type OnLateOutput = (cell: Cell, text: string) => Promise<void>;

/**
 * Keeps it beside the artifacts of the kernel, and reports where. TAP says nothing new then. What cannot be
 * written is reported itself: it is no reason to end a run.
 */
export const keepLateOutput =
  (run: string, report: (line: string) => void): OnLateOutput =>
  async ({ kernel, generation, file }, text) => {
    const lines = linesBesideTap(text);
    if (lines.length === 0) return;
    const name = join(kernel.name, lateOutputFile);
    const what = `${kernel.name} ${file}: its process printed ${lines.length === 1 ? 'a line' : `${lines.length} lines`} after its end`;
    try {
      await mkdir(join(run, kernel.name), { recursive: true });
      await appendFile(join(run, name), `after ${file}, vmd ${generation}:\n${lines.join('\n')}\n`);
      report(`${what}, kept in ${name}`);
    } catch {
      report(`${what}: ${lines[0]}`);
    }
  };
