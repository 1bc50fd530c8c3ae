// Detects a livelock, a guest that repeats the same thing without progress, by its effect on the device, long
// before a timeout.

import { codeOf, HarnessError } from '../base/errors.js';
import type { TraceEvent } from '../base/trace.js';
import { type RegisterName, registerAt } from '../vmmci/registers.js';
import { isReadOf } from './traffic.js';

interface Rule {
  /** A plural noun for the repeated events. */
  readonly what: string;
  /** The event that would have ended the repetition. */
  readonly missing?: string;
  /** This many events in a row are a livelock. */
  readonly limit: number;
  /** This many are enough if they have taken `slowMs` or more, as they do on a busy host. */
  readonly slowLimit: number;
  /** In milliseconds: events of a lower rate than `limit` in this time are not a livelock. */
  readonly within?: number;
  readonly counts: (event: TraceEvent) => boolean;
  /** True for an event that shows progress. */
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

/**
 * True for an event that is not just an access: output of the guest, or something that the host sent to it.
 */
const isProgress = ({ kind }: TraceEvent): boolean =>
  kind === 'shell' || kind === 'console' || kind === 'command' || kind === 'check' || kind === 'qmp-event';

const isSent = (event: TraceEvent): boolean => event.kind === 'command' && event.result === 'sent';

const isIsrRead = isReadOf('isr');

/** In milliseconds: a livelock ends a scenario within 3 s. */
const slowMs = 2000;

const rules: readonly Rule[] = [
  {
    what: 'interrupts',
    missing: 'a read of the ISR, which takes the interrupt back',
    limit: 300,
    slowLimit: 100,
    counts: (event) => event.kind === 'interrupt' && event.signalled === true,
    // Until 8.0 each command interrupts once, whether or not the ISR is read.
    resets: (event) => (event.kind === 'bar-read' && isIsrRead(event)) || isSent(event),
  },
  {
    what: 'acknowledgements of one command',
    limit: 100,
    slowLimit: 50,
    counts: ({ kind }) => kind === 'ack',
    resets: isSent,
  },
  {
    what: 'accesses to the same registers',
    limit: 5000,
    slowLimit: 1000,
    // A driver may poll 100 times per second while something else hangs.
    within: 20_000,
    counts: (event) => isAccess(event) && !isClockAccess(event),
    resets: isProgress,
  },
  {
    // An interrupt handler that reads no register, but logs a line, repeats within the guest.
    what: 'repeated lines of the kernel log',
    missing: 'an access to the device',
    limit: 1000,
    slowLimit: 300,
    within: 5000,
    counts: ({ kind }) => kind === 'console',
    resets: (event) => isAccess(event) || (event.kind !== 'console' && isProgress(event)),
  },
  {
    // Programs in the guest may read the clock as fast as they can.
    what: 'reads of the clock',
    limit: 20_000,
    slowLimit: 20_000,
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

/** What the events of a loop have in common: the register, or a line of the console without its numbers. */
const signature = (event: TraceEvent): string => {
  if (event.kind === 'console') return event.line.replace(/^\[\s*[\d.]+\]\s*/, '').replace(/\d+/g, '');
  return 'offset' in event ? `${event.kind} ${event.offset}` : event.kind;
};

const isSlow = ({ limit, within = Number.POSITIVE_INFINITY }: Rule, count: number, ms: number): boolean =>
  ms >= slowMs && count * within >= limit * ms;

/**
 * Returns a function that takes each event of a trace and returns GUEST_LIVELOCK once, when a limit is
 * reached. `of` names the device if there are several.
 */
export const livelockWatch = (of?: string): ((event: TraceEvent) => HarnessError | undefined) => {
  const runs = rules.map((): Run => ({ count: 0, since: 0, different: new Set() }));
  const restart = (run: Run): void => {
    run.count = 0;
    run.different.clear();
  };
  const feed = (rule: Rule, run: Run, event: TraceEvent): HarnessError | undefined => {
    if (rule.resets(event)) restart(run);
    if (!rule.counts(event)) return undefined;
    if (event.at - run.since > (rule.within ?? Number.POSITIVE_INFINITY) * 1000) restart(run);
    if (run.count === 0) run.since = event.at;
    run.count += 1;
    run.different.add(signature(event));
    if (run.different.size > maxDifferent) restart(run);
    const ms = Math.max(1, Math.round((event.at - run.since) / 1000));
    if (run.count < (isSlow(rule, run.count, ms) ? rule.slowLimit : rule.limit)) return undefined;
    const rate = Math.round((run.count * 1000) / ms);
    return new HarnessError('GUEST_LIVELOCK', {
      count: run.count,
      what: of === undefined ? rule.what : `${rule.what} of ${of}`,
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
 * Returns `livelock` in place of TRACE_CUT if there was a livelock, because it caused the excess of events,
 * and `error` otherwise. A livelock is the driver's fault; TRACE_CUT is the harness's.
 */
export const explainCut = (error: unknown, livelock: HarnessError | undefined): unknown =>
  codeOf(error) === 'TRACE_CUT' && livelock !== undefined ? livelock : error;
