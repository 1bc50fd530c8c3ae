// Tells whether the host may send SYNCRTC to the driver under test.

import type { Scene } from '../../harness/scenario/scene.js';
import { SYNCRTC } from '../../harness/vmmci/features.js';

/**
 * True if the description says that the driver sets the clock, or if the driver has accepted the feature: the
 * host sends SYNCRTC to no other driver.
 */
export const takesSyncRtc = ({ driver, device }: Pick<Scene, 'driver' | 'device'>): boolean =>
  driver.description.syncRtc !== undefined || (device.vmmci.state().guestFeatures & SYNCRTC) !== 0;

/** Skips the scenario if the host may not send SYNCRTC. The driver must be loaded. */
export const needSyncRtc = (scene: Pick<Scene, 'driver' | 'device'>): void =>
  scene.driver.needs(takesSyncRtc(scene), 'SYNCRTC');
