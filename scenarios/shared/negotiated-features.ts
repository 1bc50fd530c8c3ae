// The features that the driver under test has accepted, beside those that it should have accepted.

import { expectedFeatures } from '../../harness/driver/used-features.js';
import type { Scene } from '../../harness/scenario/scene.js';

export const negotiatedFeatures = ({
  driver,
  device,
}: Pick<Scene, 'driver' | 'device'>): { readonly accepted: number; readonly expected: number } => {
  const { guestFeatures: accepted, hostFeatures: offered } = device.vmmci.state();
  return { accepted, expected: expectedFeatures(driver.description, { offered, accepted }) };
};
