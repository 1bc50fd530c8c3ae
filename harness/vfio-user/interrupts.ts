// Handles SET_IRQS for a function that has only INTx.

import type { Descriptors } from './connection.js';
import { irq } from './info.js';
import { errno, refusal, require } from './refusal.js';
import type { SetIrqs } from './set-irqs.js';
import type { Target } from './target.js';

/** The number of interrupts of a type. */
export const irqCount = (index: number): number => (index === irq.INTX ? 1 : 0);

/** Removes the descriptor that it passes to the target from `fds`; the caller closes the others. */
export const setIrqs = (request: SetIrqs, fds: number[], target: Target, descriptors: Descriptors): void => {
  const { data, action, index, start, count } = request;
  const available = irqCount(index);
  require(start + count <= available, () =>
    `interrupts ${start} + ${count} of type ${index}, which has ${available}`);
  if (count === 0) {
    require(start === 0 && data === 'none' && action === 'trigger', () =>
      'a count of 0 is only valid to disable all interrupts of a type');
    if (index === irq.INTX) target.arm(null);
    return;
  }
  if (data === 'eventfd') {
    // QEMU asks for an eventfd for unmasking under KVM. If it is refused, QEMU sends UNMASK messages.
    if (action !== 'trigger') throw refusal(errno.EOPNOTSUPP, `no eventfd for ${action}`);
    const [trigger] = fds;
    require(trigger === undefined || descriptors.isEventFd(trigger), () =>
      'the descriptor for INTx is not an eventfd');
    fds.shift();
    target.arm(trigger ?? null);
    return;
  }
  if (data === 'bool' && request.booleans[0] === false) return;
  if (action === 'mask') target.mask();
  else if (action === 'unmask') target.unmask();
  // Lets clients test their wiring, as the VFIO interface of Linux defines it (VFIO_DEVICE_SET_IRQS).
  else require(target.loopback(), () => 'there is no eventfd to trigger');
};
