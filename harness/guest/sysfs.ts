// Reads PCI devices from sysfs, and accesses their I/O registers through resource0.

import { HarnessError } from '../base/errors.js';
import { shellWord } from '../base/text.js';
import { matchText, parseBits, parseNumber, unexpectedText } from './guest-text.js';
import type { Commands } from './shell.js';

export type Width = 1 | 2 | 4;

export interface PciDevice {
  vendor: number;
  device: number;
  subsystemVendor: number;
  subsystemDevice: number;
  /** Three bytes: class, subclass, programming interface. */
  class: number;
  revision: number;
  /** The kernel's interrupt number. */
  irq: number;
  modalias: string;
  enabled: boolean;
  /** Name of the bound driver; null if there is none. */
  driver: string | null;
  /** The implemented BARs, of at most six. */
  regions: readonly { index: number; start: bigint; size: bigint; io: boolean }[];
}

/** From the kernel's include/linux/ioport.h. */
const IORESOURCE_IO = 0x100n;

const directoryOf = (address: string): string => `/sys/bus/pci/devices/${address}`;

const numbers = {
  vendor: 'vendor',
  device: 'device',
  subsystem_vendor: 'subsystemVendor',
  subsystem_device: 'subsystemDevice',
  class: 'class',
  revision: 'revision',
  irq: 'irq',
} as const;

// Uses only shell builtins: under TCG, a `cat` for each attribute would take several milliseconds.
const script = (address: string): string => `
cd ${directoryOf(address)} 2>/dev/null || { echo absent; exit 0; }
for name in ${Object.keys(numbers).join(' ')} modalias enable; do read -r value <$name; echo "$name $value"; done
if [ -e driver ]; then echo "driver $(readlink driver)"; fi
while read -r line; do echo "resource $line"; done <resource
`;

/**
 * Parses the output of the script. Returns undefined for an absent device. Throws GUEST_READ for unexpected
 * output.
 */
export const parseDevice = (text: string): PciDevice | undefined => {
  const lines = text.split('\n').map((line) => line.trim());
  if (lines[0] === 'absent') return undefined;
  const value = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  const number = (name: keyof typeof numbers): number => parseNumber(`sysfs ${name}`, value(name));
  const resources = lines.filter((line) => line.startsWith('resource ')).slice(0, 6);
  const regions = resources.map((line, index) => {
    const words = matchText('sysfs resource', 'three numbers', /^resource (\S+) (\S+) (\S+)$/, line);
    const [start = 0n, end = 0n, flags = 0n] = words.map((word) => parseBits('sysfs resource', word));
    return {
      index,
      start,
      size: end - start + 1n,
      io: (flags & IORESOURCE_IO) !== 0n,
      present: flags !== 0n,
    };
  });
  return {
    vendor: number('vendor'),
    device: number('device'),
    subsystemVendor: number('subsystem_vendor'),
    subsystemDevice: number('subsystem_device'),
    class: number('class'),
    revision: number('revision'),
    irq: number('irq'),
    modalias: value('modalias') ?? '',
    enabled: value('enable') !== '0',
    driver: value('driver')?.split('/').at(-1) ?? null,
    regions: regions.filter(({ present }) => present).map(({ present: _, ...region }) => region),
  };
};

/** Reads the device at `address` (`0000:00:05.0`); undefined if there is none. */
export const readDevice = async (shell: Commands, address: string): Promise<PciDevice | undefined> =>
  parseDevice(await shell.text(script(address)));

/** Enables I/O accesses to the device even if no driver is bound. */
export const enableDevice = async (shell: Commands, address: string): Promise<void> => {
  await shell.text(`echo 1 >${directoryOf(address)}/enable`);
};

export interface Register {
  /** Offset in bytes from the start of BAR0. */
  offset: number;
  width: Width;
}

// For one read(2) or write(2) of 1, 2 or 4 bytes, the kernel makes one port access of that width at the same
// offset.
const dd = (width: Width, ...operands: string[]): string =>
  `dd bs=${width} count=1 status=none ${operands.join(' ')}`;

/**
 * Reads I/O registers of BAR0 in order, with one port access each, in one command. Rejects with GUEST_COMMAND
 * or GUEST_READ.
 */
export const readRegisters = async (
  shell: Commands,
  address: string,
  registers: readonly Register[],
): Promise<number[]> => {
  const file = `${directoryOf(address)}/resource0`;
  const commands = registers.map(({ offset, width }) =>
    dd(width, `if=${file}`, 'iflag=skip_bytes', `skip=${offset}`),
  );
  const { status, stdout, stderr } = await shell.run(commands.join(' && '), {
    what: `registers of ${address}`,
  });
  const total = registers.reduce((sum, { width }) => sum + width, 0);
  if (status !== 0)
    throw new HarnessError('GUEST_COMMAND', {
      command: `dd if=${file}`,
      status,
      stderr: String(stderr).trim(),
    });
  if (stdout.length !== total) throw unexpectedText(file, `${total} bytes`, `${stdout.length} bytes`);
  let at = 0;
  return registers.map(({ width }) => {
    at += width;
    return stdout.readUIntLE(at - width, width);
  });
};

/** Writes one I/O register of BAR0 with one port access. Rejects with GUEST_COMMAND. */
export const writeRegister = async (
  shell: Commands,
  address: string,
  { offset, width }: Register,
  value: number,
): Promise<void> => {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntLE(value, 0, width);
  const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  const file = `${directoryOf(address)}/resource0`;
  await shell.text(
    `printf ${shellWord(octal)} | ${dd(width, `of=${file}`, 'oflag=seek_bytes', `seek=${offset}`, 'conv=notrunc')}`,
  );
};

/**
 * The devices at `address` whose probe the kernel tries again whenever another device is bound. Empty on a
 * kernel without debugfs.
 */
export const deferredProbes = async (shell: Commands, address: string): Promise<string[]> => {
  const file = '/sys/kernel/debug/devices_deferred';
  const text = await shell.text(
    `[ -e ${file} ] || mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null || true
    [ ! -e ${file} ] || while read -r device rest; do
      case $device in *${address}) echo "$device" ;; esac
    done <${file}`,
  );
  return text === '' ? [] : text.split('\n');
};
