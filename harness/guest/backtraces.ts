// What a kernel prints of its CPUs and of tasks that wait, when it is asked to (lib/nmi_backtrace.c, kernel/sched/core.c; 5.10 to 7.3). Pure.

export interface CpuState {
  readonly cpu: number;
  /** What runs on it; `undefined` when it is idle. */
  readonly task: string | undefined;
  /** The function that it is in, `native_queued_spin_lock_slowpath+0x6e/0x2c0`; `undefined` when it is idle, or not known. */
  readonly at: string | undefined;
  /** The first function of a module on its stack, `vmmci_look+0x30/0x90 [virtio_vmmci]`. */
  readonly module: string | undefined;
}

export interface BlockedTask {
  readonly task: string;
  /** As of a CPU. */
  readonly module: string | undefined;
}

/** A function as the kernel prints it, with its module if it is in one. */
const symbol = String.raw`[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+`;
const skipped = /NMI backtrace for cpu (\d+) skipped: idling at/;
const begin = /\bCPU: (\d+) .*?Comm: (\S+)/;
const instruction = new RegExp(String.raw`RIP: 0010:(${symbol}(?: \[\w+\])?)`);
const inModule = new RegExp(String.raw`(?:^|[\s?])(${symbol} \[\w+\])`);
const blocked = /\btask:(\S+)\s+state:D\b/;

/** The functions that idle CPUs are in. */
const idle = /^(default_idle|pv_native_safe_halt|native_safe_halt|acpi_safe_halt|mwait_idle|intel_idle)/;

const first = (lines: readonly string[], pattern: RegExp): string | undefined => {
  for (const line of lines) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
};

/** `lines` cut into parts, each of which begins with a line that matches; what is before the first is left out. */
const parts = (lines: readonly string[], pattern: RegExp): (readonly string[])[] => {
  const starts = lines.flatMap((line, index) => (pattern.test(line) ? [index] : []));
  return starts.map((start, index) => lines.slice(start, starts[index + 1]));
};

/** The state of each CPU, once, in their order. */
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

/** The tasks that wait and cannot be interrupted. */
export const parseBlocked = (lines: readonly string[]): BlockedTask[] =>
  parts(lines, /\btask:\S+\s+state:/).flatMap((part) => {
    const task = blocked.exec(part[0] ?? '')?.[1];
    return task === undefined ? [] : [{ task, module: first(part, inModule) }];
  });
