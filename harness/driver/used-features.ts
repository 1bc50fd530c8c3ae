// Which features a driver uses, according to its description.

import { ACK, SYNCRTC, TIMESYNC } from '../vmmci/features.js';
import type { DriverDescription } from './description.js';

/** The features that the driver must accept if the host offers them. It may accept the others as well. */
export const usedFeatures = ({
  time,
  ptp,
  syncRtc,
}: Pick<DriverDescription, 'time' | 'ptp' | 'syncRtc'>): number => {
  const readsTime = time !== undefined || ptp !== undefined || syncRtc === 'registers';
  return ACK | (readsTime ? TIMESYNC : 0) | (syncRtc === undefined ? 0 : SYNCRTC);
};

/**
 * What a driver that has accepted `accepted` of `offered` should have accepted: the same if it uses no other.
 */
export const expectedFeatures = (
  description: Pick<DriverDescription, 'time' | 'ptp' | 'syncRtc'>,
  { offered, accepted }: { readonly offered: number; readonly accepted: number },
): number => offered & (TIMESYNC | ACK | SYNCRTC) & (accepted | usedFeatures(description));
