// What is known of one scenario that failed: the material that causes are looked for in.

import type { TraceEvent } from '../../base/trace-event.js';
import type { RequirementId } from '../requirements.js';

export type Access = TraceEvent<'bar-read' | 'bar-write'>;

export interface Material {
  readonly trace: readonly TraceEvent[];
  readonly dmesg: readonly string[];
  /** Why the scenario failed, a line each. */
  readonly reasons: readonly string[];
}

export interface Facts extends Material {
  /** The requirements of the checks that did not hold. */
  readonly failed: ReadonlySet<string>;
  /** Accesses to BAR0 that the device answered. */
  readonly accesses: readonly Access[];
  /** The features that the device offers; 0 before they were read. */
  readonly offered: number;
}

const isAccess = (event: TraceEvent): event is Access =>
  (event.kind === 'bar-read' || event.kind === 'bar-write') && !event.absent;

export const factsOf = (material: Material): Facts => {
  const checks = material.trace.filter((event) => event.kind === 'check');
  const accesses = material.trace.filter(isAccess);
  return {
    ...material,
    failed: new Set(checks.filter(({ result }) => result !== 'ok').map(({ requirement }) => requirement)),
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
  /** Only where a check of one of these did not hold; anywhere when left out. */
  readonly explains?: readonly RequirementId[];
  /** The events or lines that show it; none when it is not there. */
  readonly find: (facts: Facts) => readonly (TraceEvent | string)[];
}
