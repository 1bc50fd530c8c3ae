// Faults that QEMU does not live with. A scenario that asks for one must take the loss of QEMU as the fault's
// effect.

import type { Effect } from './fault.js';
import type { MessageView } from './hook.js';

/** QEMU 11.1's default for x-msg-timeout: how long its vfio-user client waits for an answer. */
export const QEMU_TIMEOUT_MS = 5000;

const linkLost = 'reads give all ones from then on, and a later system_reset may abort it';

type Reason = (effect: Effect, message: Pick<MessageView, 'command'>) => string | undefined;

/** By kind, for messages of vfio-user; the kinds that are missing are harmless. */
const reasons: Partial<Record<Effect['kind'], Reason>> = {
  delay: (effect) =>
    effect.kind === 'delay' && effect.ms >= QEMU_TIMEOUT_MS
      ? `QEMU gives up a vfio-user server that is silent for ${QEMU_TIMEOUT_MS} ms; ${linkLost}`
      : undefined,
  drop: () => `QEMU waits ${QEMU_TIMEOUT_MS} ms for the answer and gives the server up; ${linkLost}`,
  disconnect: () => `QEMU loses its vfio-user server; ${linkLost}`,
  error: (_, { command }) =>
    command === 'DMA_MAP'
      ? 'QEMU ends when a mapping of guest memory fails'
      : command === 'VERSION' || command.startsWith('DEVICE_GET_')
        ? 'QEMU refuses the device; one on its command line ends it'
        : undefined,
};

/** Why QEMU may not outlive this effect on this message; `undefined` where it does. */
export const takesQemuDown = (
  effect: Effect,
  message: Pick<MessageView, 'protocol' | 'command'>,
): string | undefined =>
  message.protocol === 'vfio-user' ? reasons[effect.kind]?.(effect, message) : undefined;
