// The processes that a process has started, such as QEMU.

import { readdirSync, readFileSync } from 'node:fs';

/** The children of all threads of a process. Throws if the process has ended. */
export const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
