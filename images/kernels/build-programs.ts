// Checks whether the programs that a module build starts run in the tool root. They come with the kernel's
// headers, compiled by the distribution for its own C library.

import { join } from 'node:path';
import { parseElfListing } from '../toolroot/elf-listing.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { resolveInside } from './inside.js';

/** Relative to the directory that modules are built against. */
const programs = ['scripts/basic/fixdep', 'scripts/mod/modpost', 'tools/objtool/objtool'];

/**
 * The machine of a tool root, and the one whose programs its kernel runs, too, as `readelf -h` names them.
 */
const machines = ['Advanced Micro Devices X86-64', 'Intel 80386'];

/**
 * Why a program with this listing of `readelf -hl` does not run; undefined if it does, or is not an ELF file.
 */
const obstacleIn = async (listing: string, root: ToolRoot): Promise<string | undefined> => {
  const { machine, loader } = parseElfListing(listing);
  if (machine === undefined) return undefined;
  if (!machines.includes(machine)) return `is for another architecture (${machine})`;
  if (loader === undefined || (await resolveInside(root.path, loader)) !== undefined) return undefined;
  return `needs /${loader}, the loader of another C library or architecture`;
};

/**
 * `its build program scripts/basic/fixdep needs /lib/ld-linux.so.2, …` for the first program below `headers`
 * that does not run; undefined if all do. Links are resolved relative to `top`.
 */
export const programObstacle = async (
  root: ToolRoot,
  { top, headers }: { readonly top: string; readonly headers: string },
): Promise<string | undefined> => {
  for (const program of programs) {
    const found = await resolveInside(top, `${headers}/${program}`);
    if (found === undefined) continue;
    const { stdout } = await runInToolRoot(root, ['readelf', '-hl', '/tmp/program'], {
      binds: [{ path: join(top, found), at: '/tmp/program' }],
      host: { reject: false },
    });
    const obstacle = await obstacleIn(stdout, root);
    if (obstacle !== undefined) return `its build program ${program} ${obstacle}`;
  }
  return undefined;
};
