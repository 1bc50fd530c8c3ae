// Lists the descendants of a process with their peak memory.

import { readdirSync, readFileSync } from 'node:fs';
import { ifRunning } from '../host/descendants.js';

export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** The program name, which the kernel cuts to 15 characters. */
  readonly program: string;
  /** Peak resident memory so far, in MiB. */
  readonly peakMiB: number;
}

const MiB = 1024;

/** Parses /proc/PID/status. Undefined if the process has ended or is a zombie, which has no memory. */
export const parseStatus = (pid: number, status: string): ProcessFacts | undefined => {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s+(.+?)(?: kB)?$`, 'm').exec(status)?.[1];
  const [program, parent, peak] = [field('Name'), field('PPid'), field('VmHWM')];
  return program === undefined || parent === undefined || peak === undefined
    ? undefined
    : { pid, program, parent: Number(parent), peakMiB: Number(peak) / MiB };
};

const statusOf = (pid: number): string => ifRunning(() => readFileSync(`/proc/${pid}/status`, 'utf8'), '');

/** The descendants of `root` among `all`. */
export const below = (all: readonly ProcessFacts[], root: number): ProcessFacts[] => {
  const found = new Set([root]);
  let before = 0;
  while (found.size > before) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => pid !== root && found.has(pid));
};

/** `root` and its current descendants. */
export const family = (root: number): ProcessFacts[] => {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => parseStatus(Number(name), statusOf(Number(name))) ?? []);
  return [...all.filter(({ pid }) => pid === root), ...below(all, root)];
};
