// How long the CPUs of guests were ready to run, and had no CPU of this host. A guest does not notice that it
// stands still: what it does next comes late.

import { readFileSync } from 'node:fs';
import { childrenOf, ifRunning, threadsOf } from './descendants.js';

/** QEMU names its threads: `CPU 0/TCG`, `CPU 0/KVM`. */
const isGuestCpu = (name: string): boolean => name.startsWith('CPU ');

/** 0 for other threads, one that has ended, and a kernel of the host without CONFIG_SCHED_INFO. */
const waitOf = (pid: number, task: string): bigint => {
  const file = (name: string): string => readFileSync(`/proc/${pid}/task/${task}/${name}`, 'utf8');
  // The second number of schedstat (Linux Documentation/scheduler/sched-stats.rst).
  return ifRunning(() => (isGuestCpu(file('comm')) ? BigInt(file('schedstat').split(' ')[1] ?? 0) : 0n), 0n);
};

/** The sum over all guests that this process has started, in nanoseconds, since their start. */
export const cpuWait = (pid = process.pid): bigint =>
  childrenOf(pid)
    .map((child) => threadsOf(child).reduce((sum, task) => sum + waitOf(child, task), cpuWait(child)))
    .reduce((sum, one) => sum + one, 0n);
