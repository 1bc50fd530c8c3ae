// A second function, on the interrupt line of the first.

import type { Scene, TracedDevice } from '../../harness/scenario/scene.js';
import { isDriverOk } from '../../harness/scenario/traffic.js';
import { sharingAddress } from '../../harness/scenario/vm.js';

/** The timeout in milliseconds for what a driver does at once or polls for. */
export const timeoutMs = 10_000;

/** Plugs the function in. Resolves when the driver is up at it; rejects with GUEST_TIMEOUT if it is not. */
export const plugSecond = async (
  { vm, another }: Pick<Scene, 'vm' | 'another'>,
  device?: Parameters<Scene['another']>[0],
): Promise<TracedDevice> => {
  const second = await another(device);
  await vm.plug(second.device, sharingAddress);
  await vm.console.guard(second.trace.next('status', 0, isDriverOk), {
    what: 'driver of the second function',
    timeoutMs,
  });
  return second;
};
