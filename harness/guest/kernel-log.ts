// The guest's kernel log, and what in it a driver's author has to see. A check that cannot be made is an error, never a pass.

import { HarnessError } from '../base/errors.js';
import type { Programs } from './shell.js';
import { findSplats, type Splat } from './splats.js';
import { type Taint, unexpectedTaint } from './taint.js';

export interface KernelLog {
  lines: readonly string[];
  splats: readonly Splat[];
  /** Unexpected taint flags. */
  taint: readonly Taint[];
}

/** Lines that every guest has once in each boot. */
export const logMarks = {
  /** The kernel's first. */
  powerOn: 'Linux version ',
  /** Of images/guest/root/init and the distribution's agent service, a moment before the snapshot is taken. */
  up: 'vmmci-guest: up',
} as const;

/**
 * The kernel log since that moment, with what is wrong in it; of the taint flags, those that were not set in `taintBefore`. KERNEL_LOG when it cannot be read, or when its beginning has been
 * overwritten by later lines.
 */
export const readKernelLog = async (
  shell: Programs,
  since: keyof typeof logMarks,
  taintBefore = 0,
): Promise<KernelLog> => {
  const mark = logMarks[since];
  // The part before the mark is left in the guest: a serial line is slow.
  const { status, stdout, stderr } = await shell.execute(['kernel-log', mark], {
    what: 'the kernel log',
  });
  const fail = (reason: string): HarnessError => new HarnessError('KERNEL_LOG', { reason });
  if (status !== 0) throw fail(`it was read with status ${status}: ${stderr.toString('utf8').trim()}`);
  const [taint = '', ...lines] = stdout.toString('utf8').trimEnd().split('\n');
  if (!/^\d+$/.test(taint)) throw fail(`/proc/sys/kernel/tainted reads ${JSON.stringify(taint)}`);
  if (!lines[0]?.includes(mark)) throw fail(`${JSON.stringify(mark)} is not in it (any more)`);
  return { lines, splats: findSplats(lines), taint: unexpectedTaint(Number(taint), taintBefore) };
};

/** Throws KERNEL_SPLAT with the first thing that is wrong. */
export const assertHealthy = ({ splats, taint }: Pick<KernelLog, 'splats' | 'taint'>): void => {
  const [first] = splats;
  if (first) throw new HarnessError('KERNEL_SPLAT', { kind: first.kind, lines: first.context.join('\n') });
  if (taint.length === 0) return;
  const lines = taint.map(({ letter, meaning }) => `${letter}: ${meaning}`).join('\n');
  throw new HarnessError('KERNEL_SPLAT', { kind: 'tainted', lines });
};
