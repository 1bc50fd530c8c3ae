// Faults that QEMU does not survive. A scenario that uses one must expect to lose QEMU.

import type { Effect } from './fault.js';
import type { MessageView } from './hook.js';

/** The default of x-msg-timeout in QEMU 11.1: how long its vfio-user client waits for an answer. */
const QEMU_TIMEOUT_MS = 5000;

const linkLost = 'reads give all ones from then on, and a later system_reset may abort it';

type Reason = (effect: Effect, message: Pick<MessageView, 'command'>) => string | undefined;

/** By kind of fault, for vfio-user messages. Missing kinds are harmless. */
const reasons: Partial<Record<Effect['kind'], Reason>> = {
  delay: (effect) =>
    effect.kind === 'delay' && effect.ms >= QEMU_TIMEOUT_MS
      ? `QEMU drops a vfio-user server that is silent for ${QEMU_TIMEOUT_MS} ms; ${linkLost}`
      : undefined,
  drop: () => `QEMU waits ${QEMU_TIMEOUT_MS} ms for the answer and drops the server; ${linkLost}`,
  disconnect: () => `QEMU loses its vfio-user server; ${linkLost}`,
  error: (_, { command }) =>
    command === 'DMA_MAP'
      ? 'QEMU exits when a mapping of guest memory fails'
      : command === 'VERSION' || command.startsWith('DEVICE_GET_')
        ? 'QEMU refuses the device, and exits if the device is on its command line'
        : undefined,
};

/** Why QEMU may not survive this effect on this message; `undefined` if it does. */
export const takesQemuDown = (
  effect: Effect,
  message: Pick<MessageView, 'protocol' | 'command'>,
): string | undefined =>
  message.protocol === 'vfio-user' ? reasons[effect.kind]?.(effect, message) : undefined;
