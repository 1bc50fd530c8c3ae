// Keeps the output of a scenario process between two files, or while it exits.

import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/thrown.js';
import { linesBesideTap } from '../report/tap-digest.js';
import type { Cell } from './plan.js';

/** The name of the file in the directory of a kernel. */
const lateOutputFile = 'late-output.txt';

/** Called with the output that came after the file of `cell` had finished. */
export type OnLateOutput = (cell: Cell, text: string) => Promise<void>;

/**
 * Appends the output to a file beside the artifacts of the kernel, and reports the name of that file. TAP
 * lines are left out. If the file cannot be written, the first line is reported instead: a run must not end
 * because of it.
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
    } catch (error) {
      report(`${what}: ${lines[0]} (not kept: ${messageOf(error)})`);
    }
  };
