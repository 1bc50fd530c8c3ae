// What a write to the command register does: a decision, no action. vmd's vmmci_ack, virtio.c 1.77 … 1.153.

import { commands } from './commands.js';
import type { Generation } from './generations.js';

/**
 * `none`: 0 was written. `guest-shutdown`: the guest goes down on its own account, the ack timer (re)starts.
 * `graceful`: a request was acknowledged, the graceful timer (re)starts. `acknowledged`: likewise, but no timer was
 * pending and this generation starts none. `mismatch`: the value is not the stored command; ignored. `cleared`: the
 * stored command becomes NONE, whatever it was; a timer runs on. `illegal`: no such command; vmd logs and ignores it.
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
  /** The command register as it stands. */
  readonly stored: number;
  /** What the guest wrote, 32 bits. */
  readonly value: number;
  /** Whether a timer runs, ack or graceful: vmd has one timer for both. */
  readonly timerPending: boolean;
  readonly generation: Pick<Generation, 'gracefulStart'>;
}

interface Rule {
  readonly when: (ack: AckCase) => boolean;
  readonly effect: AckEffect;
}

const { NONE, SHUTDOWN, REBOOT, SYNCRTC } = commands;

/** The first rule that holds decides. */
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

/** Whether the write acknowledged a request of the host. */
export const acknowledges = (effect: AckEffect): boolean =>
  effect === 'graceful' || effect === 'acknowledged' || effect === 'cleared';
