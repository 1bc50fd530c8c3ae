// vmmci has no queues, yet stock QEMU's generic device insists on one: what it says of rings is kept, never
// used.

import type { Frame } from './frame.js';
import { ring } from './payload.js';
import { ignored, refusal } from './refusal.js';

/** Rings that a front-end may set up: none are used, but the generic device of QEMU 11.1 has one at least. */
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

  /** A kick, call or error descriptor: nothing will ever be sent through it. */
  descriptor({ payload, fds }: Pick<Frame, 'payload' | 'fds'>, isEventFd: (fd: number) => boolean): void {
    check(Number(payload.readBigUInt64LE(0) & 0xffn));
    if (!fds.every(isEventFd)) throw ignored('a ring descriptor that is not an eventfd');
  }
}
