// Why checks of a scenario failed, as far as what it left behind shows it.

import { printable, shorten } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { formatEvent } from '../format-event.js';
import { accessCauses } from './access-causes.js';
import { commandCauses } from './command-causes.js';
import { debugCauses } from './debug-causes.js';
import { type Cause, type Facts, factsOf, type Material } from './facts.js';
import { logCauses } from './log-causes.js';
import { timeCauses } from './time-causes.js';

export const causes = {
  ...accessCauses,
  ...commandCauses,
  ...debugCauses,
  ...logCauses,
  ...timeCauses,
} as const;

export type CauseId = keyof typeof causes;

export const isCauseId = (id: string): id is CauseId => Object.hasOwn(causes, id);

/** A cause that was found, with the lines that show it. */
export interface FoundCause {
  readonly id: CauseId;
  readonly evidence: readonly string[];
}

const maxEvidence = 4;
const maxLength = 160;

/** Events in the order in which they came, before lines of text. */
const inOrder = (left: TraceEvent | string, right: TraceEvent | string): number =>
  typeof left === 'string' || typeof right === 'string' ? 0 : left.seq - right.seq;

/** A cause that is behind another one: where the one on the left is found, those on the right only follow from it. */
const hides: Readonly<Partial<Record<CauseId, readonly CauseId[]>>> = {
  'isr-never-read': ['guest-stalls', 'interrupt-not-acted-on', 'acknowledged-twice', 'acknowledged-late'],
  'isr-read-wide': ['interrupt-not-acted-on'],
  'config-at-24': [
    'command-never-acknowledged',
    'interrupt-not-acted-on',
    'ack-at-wrong-offset',
    'microseconds-before-seconds',
    'acknowledged-with-wrong-value',
  ],
  'config-written-narrow': ['acknowledged-with-wrong-value', 'acknowledged-twice', 'ack-at-wrong-offset'],
  'config-read-bytewise': [
    'microseconds-before-seconds',
    'second-sample',
    'high-word-ignored',
    'acknowledged-with-wrong-value',
  ],
  'config-read-halfwords': [
    'microseconds-before-seconds',
    'second-sample',
    'high-word-ignored',
    'acknowledged-with-wrong-value',
  ],
  'ack-at-wrong-offset': ['command-never-acknowledged'],
  'interrupt-not-acted-on': ['never-looks-unasked'],
  'memory-freed-twice': ['memory-used-after-free'],
};

const applies = ({ explains }: Cause, { failed }: Facts): boolean =>
  explains === undefined || explains.some((requirement) => failed.has(requirement));

/** Empty when nothing in the table fits: then nobody knows, and no cause is made up. */
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
  const hidden = new Set(found.flatMap(({ id }) => hides[id] ?? []));
  return found.filter(({ id }) => !hidden.has(id));
};
