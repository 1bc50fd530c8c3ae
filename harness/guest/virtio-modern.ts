// Accesses a modern virtio device on PCI (virtio 1.2, 4.1) that has no driver: finds its structures in
// configuration space and accesses them as physical memory. Linux forbids that only in regions that a driver
// has claimed (CONFIG_IO_STRICT_DEVMEM).

import { HarnessError } from '../base/errors.js';
import { capabilities, capability } from './capabilities.js';
import { unexpectedText } from './guest-text.js';
import type { Commands } from './shell.js';
import { readDevice, type Width } from './sysfs.js';

export type StructureName = 'common' | 'notify' | 'isr' | 'device';

export interface Structure {
  readonly bar: number;
  /** Offset in bytes from the start of the BAR. */
  readonly offset: number;
  readonly length: number;
}

const STRUCTURE_TYPES: Readonly<Record<number, StructureName>> = {
  1: 'common',
  2: 'notify',
  3: 'isr',
  4: 'device',
};

/** Length in bytes of the capability that describes a structure (virtio 1.2, 4.1.4). */
const STRUCTURE_LENGTH = 16;

/**
 * Finds the structures in 256 bytes of configuration space. If there are several of a type, the first one is
 * used.
 */
export const findStructures = (config: Buffer): ReadonlyMap<StructureName, Structure> => {
  const found = new Map<StructureName, Structure>();
  for (const { id, offset: at } of capabilities(config)) {
    const name = id === capability.vendorSpecific ? STRUCTURE_TYPES[config[at + 3] ?? 0] : undefined;
    // A guest may show anything, also a structure that ends beyond the configuration space.
    if (name === undefined || found.has(name) || at + STRUCTURE_LENGTH > config.length) continue;
    const [bar, offset, length] = [
      config[at + 4] ?? 0,
      config.readUInt32LE(at + 8),
      config.readUInt32LE(at + 12),
    ];
    found.set(name, { bar, offset, length });
  }
  return found;
};

export interface Access {
  readonly structure: StructureName;
  /** Offset in bytes from the start of the structure. */
  readonly offset: number;
  readonly width: Width;
  /** The value to write. Without it, the access is a read. */
  readonly value?: number;
}

export interface ModernVirtio {
  /**
   * Performs the accesses in order, in one command, and returns the values read. Rejects with GUEST_COMMAND
   * or GUEST_READ.
   */
  access(...accesses: readonly Access[]): Promise<number[]>;
}

/**
 * Opens the device at `address` (`0000:00:05.0`), whose memory accesses must be enabled. Rejects with
 * GUEST_READ if it is not a modern virtio device.
 */
export const openModernVirtio = async (shell: Commands, address: string): Promise<ModernVirtio> => {
  const bad = (what: string, expected: string, got: string): HarnessError =>
    new HarnessError('GUEST_READ', { what: `${what} of ${address}`, expected, got });
  const { stdout } = await shell.run(`head -c 256 /sys/bus/pci/devices/${address}/config`);
  if (stdout.length !== 256) throw bad('configuration space', '256 bytes', `${stdout.length}`);
  const structures = findStructures(stdout);
  const regions = (await readDevice(shell, address))?.regions ?? [];
  const addressOf = ({ structure, offset }: Access): string => {
    const location = structures.get(structure);
    const region = regions.find(({ index, io }) => index === location?.bar && !io);
    if (location === undefined || region === undefined)
      throw bad(`structure ${structure}`, 'a structure in memory', 'none');
    return `0x${(region.start + BigInt(location.offset + offset)).toString(16)}`;
  };
  return {
    access: async (...accesses) => {
      const commands = accesses.map((access) => {
        const { width, value } = access;
        const words = ['devmem', addressOf(access), String(8 * width)];
        return (value === undefined ? words : [...words, String(value)]).join(' ');
      });
      const text = await shell.text(commands.join(' && '), { what: `registers of ${address}` });
      const lines = text.split('\n').filter((line) => line !== '');
      const reads = accesses.filter(({ value }) => value === undefined).length;
      if (lines.length !== reads || !lines.every((line) => /^0x[0-9A-F]{1,8}$/.test(line)))
        throw unexpectedText(`registers of ${address}`, `${reads} numbers`, text);
      return lines.map(Number);
    },
  };
};
