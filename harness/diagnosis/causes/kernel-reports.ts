// Splits a kernel log into the reports in it: a crash, a warning, a processor that makes no progress, a task
// that waits.

import type { Facts } from './facts.js';

/** Matches the time stamp of the kernel, after that of the console if there is one. */
const stamps = /^(?:\[ *\d+\.\d+\] ?)+/;

/** Begins the first line of KERNEL_SPLAT, which repeats a line of the log. */
const summary = /^the guest kernel reported an error \(/;

/** The lines of the kernel log and of the reasons, which quote the log of a guest that went down. */
export const logLines = ({ dmesg, reasons }: Pick<Facts, 'dmesg' | 'reasons'>): string[] =>
  [...dmesg, ...reasons.flatMap((reason) => reason.split('\n'))]
    .filter((line) => !summary.test(line))
    .map((line) => line.replace(stamps, ''));

/** `spin`: a processor that makes no progress. `wait`: a task that has waited for long. */
type ReportKind = 'crash' | 'spin' | 'wait' | 'other';

/** The first line of each kind of report; the first match counts. */
const headlines: readonly (readonly [ReportKind, RegExp])[] = [
  [
    'spin',
    // kernel/watchdog.c, kernel/rcu/tree_stall.h, and the panic after an NMI to a processor that takes no
    // interrupts
    /soft lockup - CPU|hard LOCKUP|BUG: workqueue lockup|rcu: INFO: .* detected (?:expedited )?stalls?\b|self-detected stall|Kernel panic - not syncing: (?:softlockup|NMI)/,
  ],
  ['wait', /INFO: task .* blocked (?:for more than|in I\/O wait)|Kernel panic - not syncing: hung_task/],
  [
    'crash',
    /\[#\d+\]|^BUG: (?:kernel NULL pointer|unable to handle)|^kernel BUG at |general protection fault/,
  ],
  ['other', /^(?:WARNING|BUG|UBSAN|ODEBUG|sysrq): /],
];

export interface Report {
  readonly kind: ReportKind;
  /** The headline and what follows it, up to the next one. */
  readonly lines: readonly string[];
}

/** The reports in the order of the log. A crash has several headlines. */
export const reportsOf = (facts: Pick<Facts, 'dmesg' | 'reasons'>): Report[] => {
  const reports: { kind: ReportKind; lines: string[] }[] = [];
  for (const line of logLines(facts)) {
    const kind = headlines.find(([, form]) => form.test(line))?.[0];
    const last = reports.at(-1);
    if (kind === undefined || (kind === 'crash' && last?.kind === 'crash')) last?.lines.push(line);
    else reports.push({ kind, lines: [line] });
  }
  return reports;
};

/** Modules of the kernel that call a driver, or that it calls. Some kernels have them built in. */
const ofKernel = new Set(['virtio', 'virtio_ring', 'virtio_pci', 'ptp', 'pps_core', 'rtc_cmos']);

/** Matches an instruction pointer or a stack frame that the unwinder is sure of, with the module. */
const frame = /^\s*(?:RIP: 0010:|EIP: )?\w[\w.]*\+0x[\da-f]+\/0x[\da-f]+ \[(\w+)(?: [\da-f]+)?\]$/;

/** True if the line has a function of the driver. */
export const isInDriver = (line: string): boolean => {
  const [, module] = frame.exec(line) ?? [];
  return module !== undefined && !ofKernel.has(module);
};

/** Matches the line with the function that a processor was executing, on 64 and 32 bits. */
export const instructionPointer = /^(?:RIP: 0010:|EIP: )/;

/** The headline of each report of the kind in which a function of the driver is, and that function. */
export const inDriver = (reports: readonly Report[], kind: ReportKind): string[][] =>
  reports.flatMap((report) => {
    const [headline = ''] = report.lines;
    const found = report.kind === kind ? report.lines.find(isInDriver) : undefined;
    return found === undefined ? [] : [[headline, found.trim()]];
  });
