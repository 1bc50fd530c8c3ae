// Finds the start-up milestones of a guest in the trace of its scenario.

import type { TraceEvent } from '../base/trace.js';
import { isUp } from '../diagnosis/causes/events.js';

export interface Milestone {
  readonly what: string;
  /** Milliseconds since the scenario began. */
  readonly ms: number;
}

interface MilestoneRule {
  readonly what: string;
  readonly matches: (event: TraceEvent) => boolean;
}

/** In chronological order; the search for each milestone starts after the previous one. */
const rules: readonly MilestoneRule[] = [
  { what: 'QEMU is executed', matches: ({ kind }) => kind === 'qemu-exec' },
  { what: 'QMP answers', matches: ({ kind }) => kind === 'qemu-start' },
  {
    what: 'snapshot is loaded',
    matches: (event) =>
      event.kind === 'qmp-event' && event.event === 'MIGRATION' && event.data.includes('completed'),
  },
  { what: 'vCPUs run', matches: (event) => event.kind === 'qmp-event' && event.event === 'RESUME' },
  { what: 'first command is answered', matches: ({ kind }) => kind === 'shell' },
  { what: 'driver has set DRIVER_OK', matches: isUp },
  { what: 'first check', matches: ({ kind }) => kind === 'check' },
  { what: 'QEMU has ended', matches: ({ kind }) => kind === 'qemu-exit' },
];

/**
 * The milestones that were reached, in order. A booted guest loads no snapshot, and a failed one stops early.
 */
export const milestonesOf = (events: readonly TraceEvent[]): Milestone[] => {
  const found: Milestone[] = [];
  let from = 0;
  for (const { what, matches } of rules) {
    const index = events.findIndex((event, index) => index >= from && matches(event));
    const event = events[index];
    if (event === undefined) continue;
    found.push({ what, ms: event.at / 1000 });
    from = index + 1;
  }
  return found;
};

/**
 * The fixed cost of a scenario: milliseconds from the start of QEMU to the answer to the first command.
 * Undefined for guests that were not restored from a snapshot.
 */
export const overheadOf = (events: readonly TraceEvent[]): number | undefined => {
  const found = new Map(milestonesOf(events).map(({ what, ms }) => [what, ms]));
  const start = found.get('QEMU is executed');
  const end = found.get('first command is answered');
  return start === undefined || end === undefined || !found.has('snapshot is loaded')
    ? undefined
    : end - start;
};
