// A front-end that calls the device directly, without a connection.

import type { FrontEnd } from '../vhost-user/front-end.js';
import type { Vmmci } from '../vmmci/device.js';

/** Calls the device in this process instead of a backend behind a socket. */
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
