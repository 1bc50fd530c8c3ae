// CPU time of the processes that this one has started and that still run, QEMU's among them: once killed,
// nobody accounts for it.

import { readdirSync, readFileSync } from 'node:fs';

/** Of a tick of /proc/PID/stat: USER_HZ is 100 on x86. */
const tickMs = 10;

/** User and system time from the text of /proc/PID/stat, in ms. The name in it may hold anything. */
export const cpuMs = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
};

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

/** In ms, of all threads. */
export const descendantsCpuMs = (pid = process.pid): number =>
  childrenOf(pid)
    .map((child) => cpuMs(readFileSync(`/proc/${child}/stat`, 'utf8')) + descendantsCpuMs(child))
    .reduce((sum, one) => sum + one, 0);
