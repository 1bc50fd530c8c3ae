// Causes of a guest that makes no progress, from reports of its kernel.

import { second } from './events.js';
import type { Cause, Facts } from './facts.js';
import { inDriver, instructionPointer, isInDriver, logLines, reportsOf } from './kernel-reports.js';

/**
 * Matches a processor, or a stack frame that the unwinder is sure of, that waits for a spinlock, and what
 * debugging options report of a lock that is still held.
 */
const lockIsHeld =
  /^(?!\s*\? ).*queued_spin_lock_slowpath|lock held when returning to|\bpreempt=0x[0-6]\w+ lock=|leaked lock or atomic: .*\/0x[0-6]/;

/** Matches the reason of a scenario that names a function of the driver in which a task waits. */
const waits = /^no .* within .*; [^;\n]* waits in \S+ \[\w+\]/;

/**
 * The reason of a scenario that names a function of the driver in which a processor was when the guest hung.
 */
const executes = /^no .* within .*; CPU \d+ in (?:\S+, called by )?\S+ \[\w+\]/;

/**
 * The reason, unless a task waits as well, or the driver accessed the device not long before: then the
 * processor may have been polling.
 */
const stuck = ({ reasons, trace, accesses }: Facts): string[] => {
  const idle = (trace.at(-1)?.at ?? 0) - (accesses.at(-1)?.at ?? 0);
  return idle < 10 * second
    ? []
    : (reasons.find((line) => executes.test(line) && !waits.test(line))?.split('\n', 1) ?? []);
};

const slowPath = /queued_spin_lock_slowpath/;

/** The function of a stack frame. The compiler moves parts of one elsewhere, such as `vmmci_poll.cold`. */
const functionOf = (line: string): string | undefined => /^\s*(\w+)[\w.]*\+0x/.exec(line)?.[1];

/**
 * The frames of the driver above and below the interrupt in which a processor waits for a lock. They must be
 * of one function: another one may just have been interrupted while a third one has the lock.
 */
const interruptedHolder = (lines: readonly string[]): string[] => {
  const begin = lines.findIndex((line) => slowPath.test(line));
  const after = lines.slice(begin);
  const end = after.findIndex((line) => /^\s*<\/IRQ>$/.test(line));
  if (begin === -1 || end === -1) return [];
  const handler = after.slice(0, end).find(isInDriver);
  const last = after.findIndex((line) => /^\s*<\/TASK>$/.test(line));
  const below = after.slice(end, last === -1 ? undefined : last);
  const holder = below.find((line) => isInDriver(line) && functionOf(line) === functionOf(handler ?? ''));
  return handler === undefined || holder === undefined || below.some((line) => slowPath.test(line))
    ? []
    : [after[0] ?? '', handler.trim(), holder.trim()];
};

/**
 * The frames of a task that waits to close or open the kernel's start of programs, before and after a sleep.
 * Nothing else in a guest of the harness holds that lock for long.
 */
const waitsForProgramLock = (lines: readonly string[]): string[] => {
  const writer = lines.findIndex((line) =>
    /^\s*__usermodehelper_(?:disable|set_disable_depth)\+0x/.test(line),
  );
  const above = lines.slice(Math.max(0, writer - 4), Math.max(0, writer));
  const waiting = above.find((line) => /^\s*rwsem_down_write_slowpath\+0x/.test(line));
  return waiting === undefined ? [] : [waiting.trim(), lines[writer]?.trim() ?? ''];
};

export const hangCauses = {
  'program-lock-not-free': {
    sentence:
      'The lock with which the kernel keeps programs from starting is never free again, so the guest cannot sleep or wake up.',
    change:
      'Call usermodehelper_read_unlock() once for each lock that was taken; usermodehelper_read_lock_wait() returns 0 without the lock when its time is over.',
    requirement: 'carries-out',
    find: (facts) => waitsForProgramLock(logLines(facts)),
  },
  'lock-taken-with-interrupts-on': {
    sentence: 'The interrupt handler waits for a lock that the code which it has interrupted holds.',
    change: 'Take a lock that the handler also takes with spin_lock_irqsave().',
    requirement: 'carries-out',
    find: (facts) => interruptedHolder(logLines(facts)),
  },
  'lock-not-released': {
    sentence: 'A lock is never released: a path leaves its function with the lock held.',
    change:
      'Unlock on each path out of the function, and take no lock twice; the lines below show the caller.',
    requirement: 'carries-out',
    find: (facts) => {
      // A loop with the lock held makes others wait, too.
      const loops = reportsOf(facts).some(
        ({ kind, lines }) =>
          kind === 'spin' && lines.some((line) => instructionPointer.test(line) && isInDriver(line)),
      );
      const held = logLines(facts).filter((line) => lockIsHeld.test(line));
      return loops ? [] : [...new Set(held)].slice(0, 3);
    },
  },
  'guest-stalls': {
    sentence:
      'A processor of the guest makes no progress: the driver loops, or waits with interrupts disabled.',
    change: 'Check what ends the loop or the wait in the function of the driver that the lines below name.',
    requirement: 'carries-out',
    find: (facts) => inDriver(reportsOf(facts), 'spin').at(0) ?? stuck(facts),
  },
  'task-waits-in-driver': {
    sentence: 'A task waits forever in a function of the driver.',
    change: 'Check what that function waits for, and which code should wake it.',
    requirement: 'carries-out',
    find: (facts) => {
      const reason = facts.reasons.find((line) => waits.test(line));
      return reason?.split('\n', 1) ?? inDriver(reportsOf(facts), 'wait').at(0) ?? [];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
