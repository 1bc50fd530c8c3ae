// Parses what a kernel prints about its CPUs and blocked tasks on request (lib/nmi_backtrace.c,
// kernel/sched/core.c; 5.10 to 7.3). Pure.

export interface CpuState {
  readonly cpu: number;
  /** The running task; `undefined` if the CPU is idle. */
  readonly task: string | undefined;
  /**
   * The current function, for example `native_queued_spin_lock_slowpath+0x6e/0x2c0`; `undefined` if the CPU
   * is idle or the function is unknown.
   */
  readonly at: string | undefined;
  /** The first module function on the stack, for example `vmmci_look+0x30/0x90 [virtio_vmmci]`. */
  readonly module: string | undefined;
}

export interface BlockedTask {
  readonly task: string;
  /** The first module function on the stack, as for a CPU. */
  readonly module: string | undefined;
}

/** A function as the kernel prints it. ` [module]` follows if it belongs to a module. */
const symbol = String.raw`[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+`;
const skipped = /NMI backtrace for cpu (\d+) skipped: idling at/;
const begin = /\bCPU: (\d+) .*?Comm: (\S+)/;
const instruction = new RegExp(String.raw`RIP: 0010:(${symbol}(?: \[\w+\])?)`);
const inModule = new RegExp(String.raw`(?:^|[\s?])(${symbol} \[\w+\])`);
const blocked = /\btask:(\S+)\s+state:D\b/;

/** Functions in which idle CPUs wait. */
const idle = /^(default_idle|pv_native_safe_halt|native_safe_halt|acpi_safe_halt|mwait_idle|intel_idle)/;

const first = (lines: readonly string[], pattern: RegExp): string | undefined => {
  for (const line of lines) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
};

/**
 * Splits `lines` into parts that each begin with a matching line. Lines before the first match are dropped.
 */
const parts = (lines: readonly string[], pattern: RegExp): (readonly string[])[] => {
  const starts = lines.flatMap((line, index) => (pattern.test(line) ? [index] : []));
  return starts.map((start, index) => lines.slice(start, starts[index + 1]));
};

/** The state of each CPU, in the order of their numbers. The first report of a CPU counts. */
export const parseCpus = (lines: readonly string[]): CpuState[] => {
  const states = new Map<number, CpuState>();
  for (const line of lines) {
    const cpu = skipped.exec(line)?.[1];
    if (cpu !== undefined)
      states.set(Number(cpu), { cpu: Number(cpu), task: undefined, at: undefined, module: undefined });
  }
  for (const part of parts(lines, begin)) {
    const [, number, task] = begin.exec(part[0] ?? '') ?? [];
    const cpu = Number(number);
    if (states.has(cpu)) continue;
    const at = first(part, instruction);
    const isIdle = at !== undefined && idle.test(at);
    states.set(
      cpu,
      isIdle
        ? { cpu, task: undefined, at: undefined, module: undefined }
        : { cpu, task, at, module: first(part, inModule) },
    );
  }
  return [...states.values()].sort((left, right) => left.cpu - right.cpu);
};

/** The tasks in uninterruptible sleep. */
export const parseBlocked = (lines: readonly string[]): BlockedTask[] =>
  parts(lines, /\btask:\S+\s+state:/).flatMap((part) => {
    const task = blocked.exec(part[0] ?? '')?.[1];
    return task === undefined ? [] : [{ task, module: first(part, inModule) }];
  });
