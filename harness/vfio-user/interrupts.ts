// SET_IRQS on a function that has INTx and nothing else.

import type { Descriptors } from './connection.js';
import { irq } from './info.js';
import { errno, refusal, require } from './refusal.js';
import type { SetIrqs } from './set-irqs.js';
import type { Target } from './target.js';

/** How many interrupts of a type the function has. */
export const irqCount = (index: number): number => (index === irq.INTX ? 1 : 0);

/** Takes the descriptor it hands to the target out of `fds`; the caller closes the others. */
export const setIrqs = (request: SetIrqs, fds: number[], target: Target, descriptors: Descriptors): void => {
  const { data, action, index, start, count } = request;
  const available = irqCount(index);
  require(start + count <= available, () =>
    `interrupts ${start} + ${count} of type ${index}, which has ${available}`);
  if (count === 0) {
    require(start === 0 && data === 'none' && action === 'trigger', () =>
      'a count of 0 is for disabling all interrupts of a type only');
    if (index === irq.INTX) target.arm(null);
    return;
  }
  if (data === 'eventfd') {
    // An eventfd for unmasking is what QEMU asks for under KVM; refused, it uses UNMASK messages instead.
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
  // For clients to test what they have wired, as the VFIO interface of Linux defines it
  // (VFIO_DEVICE_SET_IRQS).
  else require(target.loopback(), () => 'no eventfd is there to be triggered');
};
