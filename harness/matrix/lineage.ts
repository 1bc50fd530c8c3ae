// Finding and ending what this process has started, directly or not, also what has lost its parent meanwhile.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { systemCode } from '../base/thrown.js';

/** In the environment of this process, and so in that of everything below it. */
const variable = 'VMMCI_LINEAGE';

/** From now on, what is started can be found. Returns the mark. */
export const markLineage = (): string => {
  const mark = randomBytes(8).toString('hex');
  process.env[variable] = mark;
  return mark;
};

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // ended meanwhile, or another user's
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
 * Ends every process of that program name in the lineage; nothing is awaited, for use right before the end of
 * this process.
 *
 * bubblewrap ends what it has started when its own parent ends. But its inner process first waits for a word
 * from its outer one, and would wait for ever if that is killed just then: Ctrl-C kills the whole foreground
 * group, and the inner one, being the first of its process namespace, ignores it.
 */
export const endLineage = (mark: string, program = 'bwrap'): void => {
  // Those that are found may just be starting others.
  for (let pass = 0; pass < 10; pass++) {
    const found = members(mark, program);
    if (found.length === 0) return;
    for (const pid of found) end(pid);
  }
};
