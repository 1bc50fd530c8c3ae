// The facts about a failed scenario in which causes are looked for.

import { anotherDriver, type TraceEvent } from '../../base/trace-event.js';
import { CONFIG_OFFSET, registers } from '../../vmmci/registers.js';
import { asAnswered } from '../as-answered.js';
import type { RequirementId } from '../requirements.js';

export type Access = TraceEvent<'bar-read' | 'bar-write'>;

export interface Material {
  readonly trace: readonly TraceEvent[];
  /** The trace of a second device, on the same clock. */
  readonly second?: readonly TraceEvent[] | undefined;
  readonly dmesg: readonly string[];
  /** The reasons why the scenario failed, one line each. */
  readonly reasons: readonly string[];
  /** The lines of the log of a failed build. */
  readonly build?: readonly string[];
  /** From where the driver takes the time for SYNCRTC; default: the registers. */
  readonly syncRtc?: 'registers' | 'rtc' | undefined;
  /** The features that the driver uses; default: all of the device. */
  readonly used?: number | undefined;
  /** The parameter with the interval of the polls, if the driver has one. */
  readonly pollParameter?: string | undefined;
  /** False if the PCI driver does everything, without a virtio driver; default: true. */
  readonly hasVirtioDriver?: boolean;
}

/** A failed check. */
export interface FailedCheck extends TraceEvent<'check'> {
  readonly expected: string;
  readonly seen: string;
}

export interface Facts extends Material {
  /** The failed checks, including those that only give advice. */
  readonly checks: readonly FailedCheck[];
  /** The requirements of these checks, and those of the error that ended the scenario. */
  readonly failed: ReadonlySet<string>;
  /** Accesses to BAR0 that the device answered. */
  readonly accesses: readonly Access[];
  /** The features that the device offers; 0 if the driver has not read them. */
  readonly offered: number;
}

const inConfig = (event: TraceEvent): boolean =>
  (event.kind === 'bar-read' || event.kind === 'bar-write') && event.offset >= CONFIG_OFFSET;

const withoutAnother = (trace: readonly TraceEvent[]): readonly TraceEvent[] => {
  const begin = trace.findIndex((event) => event.kind === 'phase' && event.name === anotherDriver);
  return begin === -1 ? trace : trace.filter((event, index) => index < begin || !inConfig(event));
};

const isAccess = (event: TraceEvent): event is Access =>
  (event.kind === 'bar-read' || event.kind === 'bar-write') && !event.absent;

const isFailed = (event: TraceEvent): event is FailedCheck =>
  event.kind === 'check' && event.expected !== undefined && event.seen !== undefined;

/** Matches the timeout of a wait until the guest asks its user space to reboot or to power off. */
export const noRequest = /^no (?:request|\d+ requests) to go down/;

/**
 * The requirements of an error that ended a scenario without a check: the form of its text, words of it as
 * they are in the source that makes it, and the requirements.
 */
export const endsAbout: readonly (readonly [RegExp, words: string, readonly RequirementId[]])[] = [
  [
    /^no 'ack' in the trace/,
    "' in the trace",
    ['acknowledges', 'acknowledges-in-time', 'looks-unasked', 'reads-isr'],
  ],
  [
    /^no acknowledgement (?:of \w+ )?by the second/,
    'acknowledgement by the second',
    ['acknowledges', 'keeps-devices-apart'],
  ],
  [/^no 'status' in the trace/, "' in the trace", ['driver-ok', 'loads-by-alias', 'restores-after-sleep']],
  [
    /^in the guest, `(?:stat|cat) .*\/sys\/bus\/pci\/devices\/\S+` exited/,
    'in the guest, `',
    ['binds-function'],
  ],
  [/^no \w+ poll of the (?:first|second)/, ' poll of the ', ['looks-unasked', 'keeps-devices-apart']],
  [
    /^no driver of the second function/,
    'driver of the second function',
    ['driver-ok', 'binds-function', 'keeps-devices-apart'],
  ],
  [
    /^no 'bar-read' in the trace, \d+ times/,
    "' in the trace, ",
    ['looks-unasked', 'obeys-parameters', 'restores-after-sleep'],
  ],
  [/^no 'bar-read' in the trace within/, "' in the trace", ['sets-clock', 'carries-out']],
  [/^no 'sample' in the trace/, "' in the trace", ['shows-host-time', 'binds-function']],
  [/^no 'fault' in the trace/, "' in the trace", ['reads-isr']],
  [/^no step of the guest's clock/, "step of the guest's clock", ['sets-clock']],
  [noRequest, 'requests to go down', ['goes-down', 'carries-out']],
  [
    /^no end of a guest that was asked to stop/,
    'end of a guest that was asked to stop',
    ['goes-down', 'acknowledges'],
  ],
  [/^the guest went down/, 'the guest went down', ['acts-once', 'goes-down', 'survives-reload']],
  [
    /^in the guest, `read-files \S*\/sys\/bus\/pci\/devices\/\S*` exited/,
    'in the guest, `',
    ['shows-host-time', 'reads-clock-in-words'],
  ],
  [
    /^the driver shows \w*[ _]?time as/,
    'the driver shows ',
    ['shows-host-time', 'reads-clock-in-words', 'attribute-form'],
  ],
  [/^the driver shows/, 'the driver shows ', ['attribute-form']],
  [
    /^in the guest, `.*>(?:\S*\/)?bind\b.*` exited .*: (?:No such device|.*write error: )/,
    'No such device',
    ['comes-back'],
  ],
  [/can't create \/sys\/module\/\S+: Permission denied/, '/sys/module/', ['parameter-contract']],
  [/^livelock: .* lines of the kernel log/, 'repeated lines of the kernel log', ['reads-isr']],
  [/^livelock: .* of the ISR/, 'a read of the ISR', ['reads-isr']],
  [
    /^livelock: .* acknowledgements of one command/,
    'acknowledgements of one command',
    ['acknowledges', 'acts-once'],
  ],
];

const isOffer = ({ offset, width }: Access): boolean =>
  offset === registers.hostFeatures.offset && width === registers.hostFeatures.size;

export const factsOf = (material: Material): Facts => {
  const { reasons } = material;
  const trace = withoutAnother(asAnswered(material.trace));
  const checks = trace.filter(isFailed);
  const accesses = trace.filter(isAccess);
  const ends = endsAbout.flatMap(([form, , requirements]) =>
    reasons.some((reason) => form.test(reason)) ? requirements : [],
  );
  return {
    ...material,
    trace,
    checks,
    failed: new Set([...checks.map(({ requirement }) => requirement), ...ends]),
    accesses,
    offered: accesses.find(isOffer)?.value ?? 0,
  };
};

/** A possible cause of failed checks. */
export interface Cause {
  /** The fault of the driver, in one sentence. */
  readonly sentence: string;
  /** What to change in the driver, with register and offset. */
  readonly change: string;
  /** The hosts on which the fault matters; default: all. */
  readonly hosts?: string;
  /** The requirement that the fault violates. */
  readonly requirement: RequirementId;
  /**
   * The cause is named only if one of these requirements, which include `requirement`, failed; default:
   * always.
   */
  readonly explains?: readonly RequirementId[];
  /** Returns the events or lines that are evidence for the cause; empty if there are none. */
  readonly find: (facts: Facts) => readonly (TraceEvent | string)[];
}
