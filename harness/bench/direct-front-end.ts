// The device behind the function without a connection in between.

import type { FrontEnd } from '../vhost-user/front-end.js';
import type { Vmmci } from '../vmmci/device.js';

/** Calls the device in process, as if a back-end without a socket could be asked. */
export const directFrontEnd = (device: Vmmci): FrontEnd => ({
  features: BigInt(device.hostFeatures >>> 0),
  wholeRegister: true,
  getConfig: async (offset, size) => device.readConfig(offset, size),
  setConfig: async (offset, data) => device.writeConfig(offset, data),
  setFeatures: async (value) => device.setGuestFeatures(value),
  setStatus: async (value) => device.setStatus(value),
  resetDevice: async () => device.reset(),
  onConfigChange: (listener) => device.onConfigChange(listener),
  close: () => {},
  closed: new Promise(() => {}),
});
