// The conformance cases of one tier.

import { type ConformanceId, conformance, type Tier } from './conformance.js';

/** The ids of the cases that a tier asserts, in order. */
export const conformanceAt = (tier: Tier): readonly ConformanceId[] =>
  (Object.keys(conformance) as ConformanceId[]).filter((id) => conformance[id].tier === tier);
