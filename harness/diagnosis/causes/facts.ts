// What is known of one scenario that failed: the material that causes are looked for in.

import type { TraceEvent } from '../../base/trace-event.js';
import type { RequirementId } from '../requirements.js';

export type Access = TraceEvent<'bar-read' | 'bar-write'>;

export interface Material {
  readonly trace: readonly TraceEvent[];
  readonly dmesg: readonly string[];
  /** Why the scenario failed, a line each. */
  readonly reasons: readonly string[];
  /** Lines of the log of a build that failed. */
  readonly build?: readonly string[];
}

/** A check that did not hold. */
export interface FailedCheck extends TraceEvent<'check'> {
  readonly expected: string;
  readonly seen: string;
}

export interface Facts extends Material {
  /** The checks that did not hold, advice too. */
  readonly checks: readonly FailedCheck[];
  /** The requirements that these checks, or what ended the scenario, are about. */
  readonly failed: ReadonlySet<string>;
  /** Accesses to BAR0 that the device answered. */
  readonly accesses: readonly Access[];
  /** The features that the device offers; 0 before they were read. */
  readonly offered: number;
}

/** The trace as the guest saw it: a read that a fault has answered has the value of that answer. */
const asAnswered = (trace: readonly TraceEvent[]): TraceEvent[] => {
  let value: number | undefined;
  return trace.map((event) => {
    if (event.kind === 'fault') value = event.value;
    if (event.kind !== 'bar-read' || value === undefined) return event;
    const answered = { ...event, value };
    value = undefined;
    return answered;
  });
};

const isAccess = (event: TraceEvent): event is Access =>
  (event.kind === 'bar-read' || event.kind === 'bar-write') && !event.absent;

const isFailed = (event: TraceEvent): event is FailedCheck =>
  event.kind === 'check' && event.expected !== undefined && event.seen !== undefined;

/**
 * The requirements that a scenario was about when it ended without a check: by what it waited for, or what
 * it could not do.
 */
const endsAbout: readonly (readonly [RegExp, readonly RequirementId[]])[] = [
  [/^no 'ack' in the trace/, ['acknowledges', 'acknowledges-in-time', 'looks-unasked', 'reads-isr']],
  [/^no acknowledgement (?:of \w+ )?by the second/, ['acknowledges', 'keeps-devices-apart']],
  [/^no 'status' in the trace/, ['driver-ok', 'loads-by-alias', 'restores-after-sleep']],
  [/^no driver of the second function/, ['driver-ok', 'binds-function', 'keeps-devices-apart']],
  [/^no 'bar-read' in the trace, \d+ times/, ['looks-unasked', 'obeys-parameters', 'restores-after-sleep']],
  [/^no 'bar-read' in the trace within/, ['sets-clock', 'carries-out']],
  [/^no 'fault' in the trace/, ['reads-isr']],
  [/^no step of the guest's clock/, ['sets-clock']],
  [/^no \d+ requests to go down/, ['goes-down', 'carries-out']],
  [/^no end of a guest that was asked to stop/, ['goes-down', 'acknowledges']],
  [/^the guest went down/, ['acts-once', 'goes-down', 'survives-reload']],
  [/^in the guest, `read-files \S*\/virtio\S*` exited/, ['shows-host-time', 'reads-clock-in-words']],
  [/^the driver shows \w*[ _]?time as/, ['shows-host-time', 'reads-clock-in-words', 'attribute-form']],
  [/^the driver shows/, ['attribute-form']],
  [/can't create \/sys\/module\/\S+: Permission denied/, ['parameter-contract']],
  [/^livelock: .* of the ISR/, ['reads-isr']],
  [/^livelock: .* acknowledgements of one command/, ['acknowledges', 'acts-once']],
];

export const factsOf = (material: Material): Facts => {
  const { reasons } = material;
  const trace = asAnswered(material.trace);
  const checks = trace.filter(isFailed);
  const accesses = trace.filter(isAccess);
  const ends = endsAbout.flatMap(([form, requirements]) =>
    reasons.some((reason) => form.test(reason)) ? requirements : [],
  );
  return {
    ...material,
    trace,
    checks,
    failed: new Set([...checks.map(({ requirement }) => requirement), ...ends]),
    accesses,
    offered: accesses.find(({ offset, width }) => offset === 0 && width === 4)?.value ?? 0,
  };
};

/** A reason why checks fail. */
export interface Cause {
  /** What is wrong with the driver, one sentence. */
  readonly sentence: string;
  /** What to change: register, offset, when. */
  readonly change: string;
  /** On which hosts it matters; all when left out. */
  readonly hosts?: string;
  /** The requirement that it breaks. */
  readonly requirement: RequirementId;
  /** Only where one of these was not met, `requirement` among them; anywhere when left out. */
  readonly explains?: readonly RequirementId[];
  /** The events or lines that show it; none when it is not there. */
  readonly find: (facts: Facts) => readonly (TraceEvent | string)[];
}
