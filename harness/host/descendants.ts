// The processes that a process has started, such as QEMU.

import { readdirSync, readFileSync } from 'node:fs';
import { systemCode } from '../base/thrown.js';

/** The errors of reading a file of a process or thread that has ended, before and after it was opened. */
const endedCodes: readonly unknown[] = ['ENOENT', 'ESRCH'];

/** What `read` returns, or `otherwise` if the process or thread whose files it reads has ended. */
export const ifRunning = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch (error) {
    if (!endedCodes.includes(systemCode(error))) throw error;
    return otherwise;
  }
};

/** The threads of a process; none if it has ended. */
export const threadsOf = (pid: number): string[] => ifRunning(() => readdirSync(`/proc/${pid}/task`), []);

/** The children of all threads of a process; none if it has ended. */
export const childrenOf = (pid: number): number[] =>
  threadsOf(pid).flatMap((task) =>
    ifRunning(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'), '')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
