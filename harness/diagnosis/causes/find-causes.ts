// Finds the causes of failed checks in the trace, the kernel log and the reasons of a scenario.

import { printable, shorten } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { formatEvent } from '../format-event.js';
import { type CauseId, causes, isCauseId } from './cause-table.js';
import { consequences } from './consequences.js';
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
]);

/** Causes that say what happened but not why. They are named only if there is no other cause. */
const vague: ReadonlySet<string> = new Set<CauseId>([
  'accesses-differ-from-transcript',
  'crash-below-driver',
  'crash-in-driver',
  'function-not-bound',
  'guest-stalls',
  'probe-fails',
  'task-waits-in-driver',
  'virtio-device-not-bound',
  'warning-in-driver',
]);

const applies = ({ explains }: Cause, { failed }: Facts): boolean =>
  explains === undefined || explains.some((requirement) => failed.has(requirement));

/** Returns the causes of the table for which there is evidence; empty if there is none. */
export const findCauses = (material: Material): FoundCause[] => {
  const facts = factsOf(material);
  const found = Object.entries<Cause>(causes).flatMap(([id, cause]) => {
    const shown = isCauseId(id) && applies(cause, facts) ? [...cause.find(facts)] : [];
    const evidence = shown
      .slice(0, maxEvidence)
      .sort(inOrder)
      .map((line) => shorten(printable(typeof line === 'string' ? line : formatEvent(line)), maxLength));
    return isCauseId(id) && evidence.length > 0 ? [{ id, evidence }] : [];
  });
  const roots = found.filter(({ id }) => basic.has(id));
  if (roots.length > 0) return roots;
  const hidden = new Set(found.flatMap(({ id }) => consequences[id] ?? []));
  const shown = found.filter(({ id }) => !hidden.has(id));
  const exact = shown.filter(({ id }) => !vague.has(id));
  return exact.length > 0 ? exact : shown;
};
