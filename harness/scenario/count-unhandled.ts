// The kernel's count of interrupts that no handler claimed.

import { readInterrupt, runsHandlersInThreads } from '../guest/interrupts.js';
import { recordPowerRequests } from '../guest/power.js';
import type { Scene } from './scene.js';

/**
 * How many of the last interrupts of line `irq` nobody claimed. A kernel that runs handlers in threads counts one
 * only when the next one arrives (note_interrupt in kernel/irq/spurious.c of Linux 6.12), so the device then sends
 * a REBOOT, which the guest records instead. Clears all faults.
 */
export const countUnhandled = async (
  { vm, device, check, trace, until }: Pick<Scene, 'vm' | 'device' | 'check' | 'trace' | 'until'>,
  irq: number,
): Promise<number> => {
  device.faults.clear();
  if (await runsHandlersInThreads(vm.shell)) {
    await recordPowerRequests(vm.shell);
    const { mark } = trace;
    check('driver-ok').equal('REBOOT, for one more interrupt', device.host.command('REBOOT'), 'sent');
    await until('ack', mark);
  }
  return (await readInterrupt(vm.shell, irq)).unhandled;
};
