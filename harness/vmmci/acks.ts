// Decides the effect of a write to the command register, without carrying it out. From vmd's vmmci_ack,
// virtio.c 1.77 … 1.153.

import { commands } from './commands.js';
import type { Generation } from './generations.js';

/**
 * `none`: 0 was written. `guest-shutdown`: the guest shuts down without a request; the ack timer starts or
 * restarts. `graceful`: a request was acknowledged; the graceful timer starts or restarts. `acknowledged`: a
 * request was acknowledged, but no timer was pending, and this generation then starts none. `mismatch`: the
 * value is not the stored command; ignored. `cleared`: the stored command, whatever it was, becomes NONE; a
 * running timer goes on. `illegal`: not a command; vmd logs and ignores it.
 */
export type AckEffect =
  | 'none'
  | 'guest-shutdown'
  | 'graceful'
  | 'acknowledged'
  | 'mismatch'
  | 'cleared'
  | 'illegal';

export interface AckCase {
  /** The value of the command register before the write. */
  readonly stored: number;
  /** The 32 bits that the guest wrote. */
  readonly value: number;
  /** True if the ack timer or the graceful timer runs. vmd has one timer for both. */
  readonly timerPending: boolean;
  readonly generation: Pick<Generation, 'gracefulStart'>;
}

interface Rule {
  readonly when: (ack: AckCase) => boolean;
  readonly effect: AckEffect;
}

const { NONE, SHUTDOWN, REBOOT, SYNCRTC } = commands;

/** The first rule that applies decides. */
const rules: readonly Rule[] = [
  { when: ({ value }) => value === NONE, effect: 'none' },
  { when: ({ value }) => value === SYNCRTC, effect: 'cleared' },
  { when: ({ value }) => value !== SHUTDOWN && value !== REBOOT, effect: 'illegal' },
  { when: ({ value, stored }) => value === SHUTDOWN && stored === NONE, effect: 'guest-shutdown' },
  { when: ({ value, stored }) => value !== stored, effect: 'mismatch' },
  { when: ({ timerPending }) => timerPending, effect: 'graceful' },
  { when: ({ generation }) => generation.gracefulStart === 'always', effect: 'graceful' },
];

export const decideAck = (ack: AckCase): AckEffect =>
  rules.find(({ when }) => when(ack))?.effect ?? 'acknowledged';

/** True if the write acknowledged a request of the host. */
export const acknowledges = (effect: AckEffect): boolean =>
  effect === 'graceful' || effect === 'acknowledged' || effect === 'cleared';
