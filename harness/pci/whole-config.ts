// Backends that ignore the offset of GET_CONFIG. The message carries one, but a backend on libvhost-user
// (QEMU, contrib) is handed the size alone and gives the bytes from 0 on.

import type { FrontEnd } from '../vhost-user/front-end.js';
import { CONFIG_OFFSET, CONFIG_SIZE, registerAt, registers } from '../vmmci/registers.js';

type Read = FrontEnd['getConfig'];

const { size } = registers.secondsLow;
const seconds = registers.secondsLow.offset - CONFIG_OFFSET;
const noRegister = Buffer.alloc(0);

/**
 * Whether it does: where the seconds should be it shows what it shows at 0, and not the seconds. One that is
 * not clear about it is believed. A backend of this project is not asked, since to read the seconds takes a
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

/** Reads the whole config area of such a backend each time, and cuts. */
export class WholeConfig {
  readonly #read: Read;
  /**
   * The block that the last read of the seconds brought: the microseconds behind them must be of the same
   * sample.
   */
  #sample: Buffer = Buffer.alloc(CONFIG_SIZE);

  constructor(read: Read) {
    this.#read = read;
  }

  /** As a backend that heeds the offset: zero-length where no register starts. */
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
