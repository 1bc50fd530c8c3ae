// Finds the causes of failed checks in the trace, the kernel log and the reasons of a scenario.

import { printable, shorten } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { formatEvent } from '../format-event.js';
import { counts, type Level, requirements } from '../requirements.js';
import { type CauseId, causes, isCauseId } from './cause-table.js';
import { consequences } from './consequences.js';
import { joinTraces } from './device-traces.js';
import { type Cause, type Facts, factsOf, type Material } from './facts.js';

/** A cause with the lines that are evidence for it. */
export interface FoundCause {
  readonly id: CauseId;
  readonly evidence: readonly string[];
}

const maxEvidence = 4;
const maxLength = 160;

/** Sorts events by time; lines of text stay where they are. */
const inOrder = (left: TraceEvent | string, right: TraceEvent | string): number =>
  typeof left === 'string' || typeof right === 'string' ? 0 : left.seq - right.seq;

/** Causes in the basic access to the registers. If one of them is found, all others are only consequences. */
const basic: ReadonlySet<string> = new Set<CauseId>([
  'config-read-bytewise',
  'config-read-halfwords',
  'config-written-narrow',
  'config-at-24',
  'isr-read-wide',
  'isr-never-read',
  'handler-reads-nothing',
]);

/** Causes that say what happened but not why. They are named only if there is no other cause. */
const vague: ReadonlySet<string> = new Set<CauseId>([
  'accesses-differ-from-transcript',
  'crash-below-driver',
  'crash-in-driver',
  'function-not-bound',
  'guest-stalls',
  'high-word-read-too',
  'probe-fails',
  'task-waits-in-driver',
  'time-off-by-constant',
  'virtio-device-not-bound',
  'warning-in-driver',
]);

const applies = ({ explains }: Cause, { failed }: Facts): boolean =>
  explains === undefined || explains.some((requirement) => failed.has(requirement));

/** True if the cause explains the failure of a requirement that fails a scenario. */
const explainsFailure = ({ requirement, explains = [] }: Cause, line: Level): boolean =>
  [requirement, ...explains].some((each) => counts(requirements[each].level, line));

/** Leaves out causes that explain only advice, unless there are no others. */
export const explaining = (found: readonly FoundCause[], line: Level): readonly FoundCause[] => {
  const kept = found.filter(({ id }) => explainsFailure(causes[id], line));
  return kept.length > 0 ? kept : found;
};

/** What is found in the trace of one device: all causes with evidence, except consequences. */
const findIn = (facts: Facts, format: (event: TraceEvent) => string): FoundCause[] => {
  const found = Object.entries<Cause>(causes).flatMap(([id, cause]) => {
    const shown = isCauseId(id) && applies(cause, facts) ? [...cause.find(facts)] : [];
    const evidence = shown
      .slice(0, maxEvidence)
      .sort(inOrder)
      .map((line) => shorten(printable(typeof line === 'string' ? line : format(line)), maxLength));
    return isCauseId(id) && evidence.length > 0 ? [{ id, evidence }] : [];
  });
  const hidden = new Set(found.flatMap(({ id }) => consequences[id] ?? []));
  return found.filter(({ id }) => basic.has(id) || !hidden.has(id));
};

/** What is found in the trace of a second device. The lines of evidence that are from it say so. */
const findInSecond = (material: Material, second: readonly TraceEvent[]): FoundCause[] => {
  const { trace, origin } = joinTraces(second, material.trace);
  const facts = factsOf({ ...material, trace });
  return findIn(facts, (shown) => {
    const { event, isOfDevice } = origin(shown);
    return `${isOfDevice ? 'device 2 ' : ''}${formatEvent(event)}`;
  });
};

/**
 * Returns the causes of the table for which there is evidence; empty if there is none. Causes in the trace of
 * a second device count if that of the first has none that explains more.
 */
export const findCauses = (material: Material): FoundCause[] => {
  const found = [
    findIn(factsOf(material), formatEvent),
    ...(material.second === undefined ? [] : [findInSecond(material, material.second)]),
  ];
  const kinds = [
    ({ id }: FoundCause) => basic.has(id),
    ({ id }: FoundCause) => !vague.has(id),
    ({ id }: FoundCause) => vague.has(id),
  ];
  const chosen = kinds.flatMap((kind) => found.map((ofDevice) => ofDevice.filter(kind)));
  return chosen.find((ofDevice) => ofDevice.length > 0) ?? [];
};
