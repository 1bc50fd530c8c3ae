// Decodes what the probes write to the I/O port.

import { layout } from './probe-code.js';

/** The numbers of the probes that were passed. A number that the guest's end cut off does not count. */
export const decodeProbes = (bytes: Uint8Array): number[] => {
  const { cpuShift, positionShift, bits, bytes: length } = layout;
  const passed = new Set<number>();
  const pending = new Map<number, number[]>();
  for (const byte of bytes) {
    const cpu = byte >> cpuShift;
    const position = (byte >> positionShift) & 3;
    const parts = position === 0 ? [] : (pending.get(cpu) ?? []);
    if (parts.length !== position)
      throw new Error(`byte ${byte} from CPU ${cpu} is not byte ${parts.length + 1} of a probe`);
    parts.push(byte & (2 ** bits - 1));
    pending.set(cpu, parts);
    if (parts.length < length) continue;
    passed.add(parts.reduce((number, part) => number * 2 ** bits + part, 0));
    pending.delete(cpu);
  }
  return [...passed].sort((a, b) => a - b);
};
