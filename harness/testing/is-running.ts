// Whether a process runs, for tests of what is left behind.

import { readFileSync } from 'node:fs';
import { ifRunning } from '../host/descendants.js';

/** False if there is no process `pid`, or one that is dead and that its parent has not reaped yet. */
export const isRunning = (pid: number): boolean =>
  ifRunning(() => !/^State:\s+[XZ]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')), false);
