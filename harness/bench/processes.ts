// What runs below a process, and how much memory each of it has had at most.

import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** The program, cut to 15 characters by the kernel. */
  readonly program: string;
  /** Largest resident set so far, in MiB. */
  readonly peakMiB: number;
}

const MiB = 1024;

/** From /proc/PID/status; undefined for a process that is gone or a zombie, which has no memory. */
export const parseStatus = (pid: number, status: string): ProcessFacts | undefined => {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s+(.+?)(?: kB)?$`, 'm').exec(status)?.[1];
  const [program, parent, peak] = [field('Name'), field('PPid'), field('VmHWM')];
  return program === undefined || parent === undefined || peak === undefined
    ? undefined
    : { pid, program, parent: Number(parent), peakMiB: Number(peak) / MiB };
};

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
};

/** Those of `all` that `root` has started, directly or not. */
export const below = (all: readonly ProcessFacts[], root: number): ProcessFacts[] => {
  const found = new Set([root]);
  let before = 0;
  while (found.size > before) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => pid !== root && found.has(pid));
};

/** `root` and all processes below it at this moment. */
export const family = (root: number): ProcessFacts[] => {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => parseStatus(Number(name), statusOf(Number(name))) ?? []);
  return [...all.filter(({ pid }) => pid === root), ...below(all, root)];
};
