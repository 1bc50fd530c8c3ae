// The CPU time of running descendants of this process, such as QEMU. The time of a killed descendant is not
// accounted to its parent.

import { readFileSync } from 'node:fs';
import { childrenOf, ifRunning } from '../host/descendants.js';

/** Milliseconds per tick in /proc/PID/stat: USER_HZ is 100 on x86. */
const tickMs = 10;

/** User and system time in ms from /proc/PID/stat. The process name in it may contain any characters. */
export const cpuMs = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
};

const ownCpuMs = (pid: number): number =>
  ifRunning(() => cpuMs(readFileSync(`/proc/${pid}/stat`, 'utf8')), 0);

/** The CPU time of all threads, in ms. */
export const descendantsCpuMs = (pid = process.pid): number =>
  childrenOf(pid)
    .map((child) => ownCpuMs(child) + descendantsCpuMs(child))
    .reduce((sum, one) => sum + one, 0);
