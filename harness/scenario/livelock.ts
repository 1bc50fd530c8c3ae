// A guest that does the same over and over gets nowhere. It is found by what it does to the device, long before a wait is over.

import { codeOf, HarnessError } from '../base/errors.js';
import type { TraceEvent } from '../base/trace.js';
import { type RegisterName, registerAt } from '../vmmci/registers.js';
import { isReadOf } from './traffic.js';

interface Rule {
  /** What is repeated, as a plural noun. */
  readonly what: string;
  /** What would have ended it. */
  readonly missing?: string;
  /** So many of them in a row are no accident. Each limit is reached within 3 s, also on a busy host. */
  readonly limit: number;
  readonly counts: (event: TraceEvent) => boolean;
  /** What shows that the guest gets on. */
  readonly resets: (event: TraceEvent) => boolean;
}

const clockRegisters: ReadonlySet<RegisterName | undefined> = new Set<RegisterName>([
  'secondsLow',
  'secondsHigh',
  'microsecondsLow',
  'microsecondsHigh',
]);

const isAccess = (event: TraceEvent): boolean => event.kind === 'bar-read' || event.kind === 'bar-write';

const isClockAccess = (event: TraceEvent): boolean =>
  isAccess(event) && 'offset' in event && clockRegisters.has(registerAt(Number(event.offset)));

/** Something other than accesses happened: the guest said something, or was told something. */
const isProgress = ({ kind }: TraceEvent): boolean =>
  kind === 'shell' || kind === 'console' || kind === 'command' || kind === 'check' || kind === 'qmp-event';

const isIsrRead = isReadOf('isr');

const rules: readonly Rule[] = [
  {
    what: 'interrupts',
    missing: 'a read of the ISR, which takes the interrupt back',
    limit: 300,
    counts: (event) => event.kind === 'interrupt' && event.signalled === true,
    resets: (event) => event.kind === 'bar-read' && isIsrRead(event),
  },
  {
    what: 'acknowledgements of one command',
    limit: 100,
    counts: ({ kind }) => kind === 'ack',
    resets: (event) => event.kind === 'command' && event.result === 'sent',
  },
  {
    what: 'accesses to the same registers',
    limit: 5000,
    counts: (event) => isAccess(event) && !isClockAccess(event),
    resets: isProgress,
  },
  {
    // Programs in the guest may read the clock as fast as they can.
    what: 'reads of the clock',
    limit: 20_000,
    counts: isClockAccess,
    resets: isProgress,
  },
];

/** A loop has few different accesses; a driver that comes up many times has more. */
const maxDifferent = 4;

interface Run {
  count: number;
  /** Microseconds on the trace's clock. */
  since: number;
  readonly different: Set<string>;
}

const signature = (event: TraceEvent): string =>
  'offset' in event ? `${event.kind} ${event.offset}` : event.kind;

/** Takes each event of a trace; gives GUEST_LIVELOCK for the first with which one is certain. */
export const livelockWatch = (): ((event: TraceEvent) => HarnessError | undefined) => {
  const runs = rules.map((): Run => ({ count: 0, since: 0, different: new Set() }));
  const feed = (rule: Rule, run: Run, event: TraceEvent): HarnessError | undefined => {
    if (rule.resets(event)) {
      run.count = 0;
      run.different.clear();
    }
    if (!rule.counts(event)) return undefined;
    if (run.count === 0) run.since = event.at;
    run.count += 1;
    run.different.add(signature(event));
    if (run.different.size > maxDifferent) {
      run.count = 0;
      run.different.clear();
    }
    if (run.count < rule.limit) return undefined;
    const ms = Math.max(1, Math.round((event.at - run.since) / 1000));
    const rate = Math.round((run.count * 1000) / ms);
    return new HarnessError('GUEST_LIVELOCK', {
      count: run.count,
      what: rule.what,
      ms,
      rate,
      but: rule.missing === undefined ? '' : `, without ${rule.missing}`,
    });
  };
  let found = false;
  return (event) => {
    if (found) return undefined;
    for (const [index, rule] of rules.entries()) {
      const run = runs[index];
      const error = run && feed(rule, run, event);
      if (error === undefined) continue;
      found = true;
      return error;
    }
    return undefined;
  };
};

/**
 * `error`, or `livelock` in place of a question that the trace could not answer whole: there were too many
 * events because of the livelock, which is the driver's fault, where the bound of the trace is not.
 */
export const explainCut = (error: unknown, livelock: HarnessError | undefined): unknown =>
  codeOf(error) === 'TRACE_CUT' && livelock !== undefined ? livelock : error;
