// Handles backends that ignore the offset of GET_CONFIG. The message has one, but libvhost-user (QEMU,
// contrib) passes only the size to a backend, which then returns the bytes from 0 on.

import type { FrontEnd } from '../vhost-user/front-end.js';
import { CONFIG_OFFSET, CONFIG_SIZE, registerAt, registers } from '../vmmci/registers.js';

type Read = FrontEnd['getConfig'];

const { size } = registers.secondsLow;
const seconds = registers.secondsLow.offset - CONFIG_OFFSET;
const noRegister = Buffer.alloc(0);

/**
 * True if the backend ignores offsets: a read of the seconds returns the bytes at 0 instead. If the two are
 * equal, the backend is trusted. A backend of this project is not probed, because reading the seconds takes a
 * sample.
 */
export const ignoresOffset = async ({
  getConfig,
  wholeRegister,
}: Pick<FrontEnd, 'getConfig' | 'wholeRegister'>): Promise<boolean> => {
  if (wholeRegister) return false;
  const whole = await getConfig(0, CONFIG_SIZE);
  const part = await getConfig(seconds, size);
  if (whole.length < CONFIG_SIZE || part.length < size) return false;
  return part.equals(whole.subarray(0, size)) && !part.equals(whole.subarray(seconds, seconds + size));
};

/** Reads the whole config area of such a backend each time and returns the requested part. */
export class WholeConfig {
  readonly #read: Read;
  /** The block of the last read of the seconds: the microseconds must come from the same sample. */
  #sample: Buffer = Buffer.alloc(CONFIG_SIZE);

  constructor(read: Read) {
    this.#read = read;
  }

  /** Behaves like a backend that uses the offset: returns no bytes if no register starts there. */
  async getConfig(offset: number, size: number): Promise<Buffer> {
    if (registerAt(CONFIG_OFFSET + offset) === undefined || offset + size > CONFIG_SIZE) return noRegister;
    if (offset > seconds) return this.#sample.subarray(offset, offset + size);
    const whole = await this.#read(0, CONFIG_SIZE);
    if (whole.length < CONFIG_SIZE) return noRegister;
    if (offset === seconds) this.#sample = whole;
    return whole.subarray(offset, offset + size);
  }

  reset(): void {
    this.#sample = Buffer.alloc(CONFIG_SIZE);
  }
}
