// How a guest came up, from the trace of its scenario: the same few moments in each.
import type { TraceEvent } from '../base/trace.js';

export interface Milestone {
  readonly what: string;
  /** Milliseconds since the scenario began. */
  readonly ms: number;
}

interface Moment {
  readonly what: string;
  readonly fits: (event: TraceEvent) => boolean;
}

/** In the order in which they come; each is looked for after the one before. */
const moments: readonly Moment[] = [
  { what: 'QEMU is executed', fits: ({ kind }) => kind === 'qemu-exec' },
  { what: 'QMP answers', fits: ({ kind }) => kind === 'qemu-start' },
  {
    what: 'snapshot is loaded',
    fits: (event) =>
      event.kind === 'qmp-event' && event.event === 'MIGRATION' && event.data.includes('completed'),
  },
  { what: 'vCPUs run', fits: (event) => event.kind === 'qmp-event' && event.event === 'RESUME' },
  { what: 'first command is answered', fits: ({ kind }) => kind === 'shell' },
  { what: 'driver has set DRIVER_OK', fits: (event) => event.kind === 'status' && isDriverOk(event.value) },
  { what: 'first check', fits: ({ kind }) => kind === 'check' },
  { what: 'QEMU has ended', fits: ({ kind }) => kind === 'qemu-exit' },
];

/** Bit 2 of a virtio device's status. */
const isDriverOk = (value: number): boolean => (value & 4) !== 0;

/** Those that came, in order: a guest that boots loads no snapshot, and one that fails may get no further. */
export const milestonesOf = (events: readonly TraceEvent[]): Milestone[] => {
  const found: Milestone[] = [];
  let from = 0;
  for (const { what, fits } of moments) {
    const index = events.findIndex((event, index) => index >= from && fits(event));
    const event = events[index];
    if (event === undefined) continue;
    found.push({ what, ms: event.at / 1000 });
    from = index + 1;
  }
  return found;
};

/** Milliseconds from QEMU's start to the first command's answer: what every scenario costs before it begins. Of restored guests only. */
export const overheadOf = (events: readonly TraceEvent[]): number | undefined => {
  const found = new Map(milestonesOf(events).map(({ what, ms }) => [what, ms]));
  const start = found.get('QEMU is executed');
  const end = found.get('first command is answered');
  return start === undefined || end === undefined || !found.has('snapshot is loaded')
    ? undefined
    : end - start;
};
