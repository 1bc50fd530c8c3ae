// Reads the guest's kernel log and finds what a driver author has to see. If the log cannot be checked, that
// is an error, never a pass.

import { HarnessError } from '../base/errors.js';
import { printable, shorten } from '../base/text.js';
import type { Programs } from './shell.js';
import { describeSplat, findSplats, type Splat, splatTitles } from './splats.js';
import { type Taint, unexpectedTaint } from './taint.js';

export interface KernelLog {
  lines: readonly string[];
  splats: readonly Splat[];
  /** Unexpected taint flags. */
  taint: readonly Taint[];
}

/** Lines that appear once in the log of each boot. */
const logMarks = {
  /** The first line of the kernel. */
  powerOn: 'Linux version ',
  /**
   * Printed by images/guest/root/init and the distribution's agent service, just before the snapshot is
   * taken.
   */
  up: 'vmmci-guest: up',
} as const;

/**
 * Reads the kernel log since that mark, with its problems. Taint flags that are set in `taintBefore` do not
 * count. Rejects with KERNEL_LOG if the log cannot be read, or if later lines have overwritten the mark.
 */
export const readKernelLog = async (
  shell: Programs,
  since: keyof typeof logMarks,
  taintBefore = 0,
): Promise<KernelLog> => {
  const mark = logMarks[since];
  // The guest does not send the part before the mark, because a serial line is slow.
  const { status, stdout, stderr } = await shell.execute(['kernel-log', mark], {
    what: 'the kernel log',
  });
  const fail = (reason: string): HarnessError => new HarnessError('KERNEL_LOG', { reason });
  if (status !== 0) throw fail(`kernel-log exited with status ${status}: ${stderr.toString('utf8').trim()}`);
  const [taint = '', ...lines] = stdout.toString('utf8').trimEnd().split('\n');
  if (!/^\d+$/.test(taint)) throw fail(`/proc/sys/kernel/tainted reads ${JSON.stringify(taint)}`);
  if (!lines[0]?.includes(mark))
    throw fail(`${JSON.stringify(mark)} is missing; later lines may have overwritten it`);
  return { lines, splats: findSplats(lines), taint: unexpectedTaint(Number(taint), taintBefore) };
};

/**
 * Returns the log without the reports whose headline is in `judged`, and without the taint flag of a warning
 * if there are any.
 */
export const withoutJudged = (log: KernelLog, judged: ReadonlySet<string>): KernelLog =>
  judged.size === 0
    ? log
    : {
        ...log,
        splats: log.splats.filter(({ line }) => !judged.has(line)),
        taint: log.taint.filter(({ letter }) => letter !== 'W'),
      };

/** Maximum length of a title in an error. */
const maxTitle = 180;

/** The maximum number of further reports that an error names. */
const maxTitles = 5;

/** Throws KERNEL_SPLAT with the first problem, and with the titles of the others. */
export const assertHealthy = ({ splats, taint }: Pick<KernelLog, 'splats' | 'taint'>): void => {
  const [first] = splats;
  if (first) {
    const [, ...others] = splatTitles(splats);
    const named = others.slice(0, maxTitles).map(({ title, count }) => `also, ${count}×: ${title}`);
    const rest = others.length - named.length;
    const lines = [...first.context, ...named, ...(rest > 0 ? [`also: ${rest} other reports`] : [])];
    const { kind } = first;
    const title = describeSplat(first);
    throw new HarnessError('KERNEL_SPLAT', {
      kind,
      title: shorten(
        printable(title.startsWith(`${kind}: `) ? title.slice(kind.length + 2) : title),
        maxTitle,
      ),
      lines: lines.join('\n'),
    });
  }
  if (taint.length === 0) return;
  const [title = '', ...lines] = taint.map(({ letter, meaning }) => `${letter}: ${meaning}`);
  throw new HarnessError('KERNEL_SPLAT', { kind: 'tainted', title, lines: lines.join('\n') });
};
