// Large outputs of a session: the program in the guest writes them into slots on a disk, because a serial
// port carries 0.2 MB/s without KVM. images/guest/terminal.c describes the slots.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HarnessError } from '../base/errors.js';
import { contentFields, type fromProgram } from './terminal-frames.js';

export const slotCount = 16;

/** In bytes. */
export const slotSize = 65_536;

export interface LargeOutput {
  readonly kind: typeof fromProgram.output | typeof fromProgram.error;
  readonly slot: number;
  readonly bytes: Buffer;
}

export interface OutputDisk {
  /** The path of its device in the guest. */
  readonly device: string;
  /** The path of its raw image. */
  readonly image: string;
}

/** The slots on a disk. Its image is open from the first reading until `close`. */
export class OutputSlots {
  readonly device: string;
  readonly #image: string;
  #file: number | undefined;

  constructor({ device, image }: OutputDisk) {
    this.device = device;
    this.#image = image;
  }

  /** Reads the output that a frame announces. Throws TERMINAL for an invalid frame. */
  read(content: Buffer): LargeOutput {
    const [kind = '', slot = '', length = ''] = contentFields(content);
    if (
      (kind !== 'O' && kind !== 'E') ||
      !/^\d{1,2}$/.test(slot) ||
      !/^[1-9]\d{0,4}$/.test(length) ||
      Number(slot) >= slotCount ||
      Number(length) > slotSize
    )
      throw new HarnessError('TERMINAL', {
        reason: `invalid output on disk: ${[kind, slot, length].join(' ')}`,
      });
    this.#file ??= openSync(this.#image, 'r');
    const start = fstatSync(this.#file).size - (slotCount - Number(slot)) * slotSize;
    const bytes = Buffer.alloc(Number(length));
    const count = readSync(this.#file, bytes, 0, bytes.length, start);
    if (count < bytes.length)
      throw new HarnessError('TERMINAL', { reason: `the disk ends ${bytes.length - count} bytes too early` });
    return { kind, slot: Number(slot), bytes };
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
