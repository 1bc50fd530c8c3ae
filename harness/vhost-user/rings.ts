// Stores the settings of rings without using them: vmmci has no queues, but QEMU's generic device requires
// one.

import type { Frame } from './frame.js';
import { ring } from './payload.js';
import { ignored, refusal } from './refusal.js';

/** The number of rings that a front-end can set up: the generic device of QEMU 11.1 has at least one. */
export const maxRings = 1;

const check = (index: number): number => {
  if (index >= maxRings) throw refusal(`ring ${index}, there are ${maxRings}`);
  return index;
};

export class Rings {
  readonly #bases = new Map<number, number>();

  set(payload: Buffer): void {
    check(payload.readUInt32LE(0));
  }

  setBase(payload: Buffer): void {
    this.#bases.set(check(payload.readUInt32LE(0)), payload.readUInt32LE(4));
  }

  getBase(payload: Buffer): Buffer {
    const index = check(payload.readUInt32LE(0));
    return ring(index, this.#bases.get(index) ?? 0);
  }

  /** Checks a kick, call or error descriptor. Nothing is ever sent through it. */
  descriptor({ payload, fds }: Pick<Frame, 'payload' | 'fds'>, isEventFd: (fd: number) => boolean): void {
    check(Number(payload.readBigUInt64LE(0) & 0xffn));
    if (!fds.every(isEventFd)) throw ignored('a ring descriptor that is not an eventfd');
  }
}
