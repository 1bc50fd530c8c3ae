// Reads the kernel's count of interrupts that no handler claimed.

import { readInterrupt, runsHandlersInThreads } from '../../harness/guest/interrupts.js';
import { recordPowerRequests } from '../../harness/guest/power.js';
import type { Scene } from '../../harness/scenario/scene.js';

/**
 * Resolves with the number of recent interrupts of line `irq` that no handler claimed. A kernel that runs
 * handlers in threads counts an interrupt only when the next one arrives (note_interrupt in
 * kernel/irq/spurious.c of Linux 6.12). On such a kernel the device sends a REBOOT for one more interrupt;
 * the guest only records it. Clears all faults.
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
