// Finds and kills descendants of this process, including those whose parent has exited.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { systemCode } from '../base/thrown.js';

/** The environment variable that all descendants inherit. */
const variable = 'VMMCI_LINEAGE';

/** Marks all processes that this process starts from now on. Returns the mark. */
export const markLineage = (): string => {
  const mark = randomBytes(8).toString('hex');
  process.env[variable] = mark;
  return mark;
};

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended, or belongs to another user
  }
};

const members = (mark: string, program: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/comm`).trim() === program)
    .filter((name) => read(`/proc/${name}/environ`).split('\0').includes(`${variable}=${mark}`))
    .map(Number);

const end = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
};

/**
 * Kills every marked process that runs `program`. It waits for nothing, so it can be called right before this
 * process exits.
 *
 * bubblewrap kills its child when its own parent dies. But its inner process first waits for a message from
 * the outer one, and waits forever if the outer one dies at that moment: Ctrl-C kills the whole foreground
 * group except the inner process, which ignores the signal as init of its PID namespace.
 */
export const endLineage = (mark: string, program = 'bwrap'): void => {
  // A process that was found may be starting another one.
  for (let pass = 0; pass < 10; pass++) {
    const found = members(mark, program);
    if (found.length === 0) return;
    for (const pid of found) end(pid);
  }
};
