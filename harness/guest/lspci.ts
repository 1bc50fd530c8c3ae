// Parses `lspci -nnvvxxx` (pciutils 3.13). Pure, except for the functions that run lspci in a guest.

import { matchText, parseNumber } from './guest-text.js';
import type { Commands } from './shell.js';

export interface Region {
  index: number;
  kind: 'io' | 'memory';
  /** Null if lspci shows no address: unassigned or ignored. */
  address: number | null;
  /** In bytes; null if not shown. */
  size: number | null;
  disabled: boolean;
}

export interface LspciDevice {
  /** For example `00:05.0`; begins with the domain if lspci shows it. */
  address: string;
  /** Name and number of the class, for example 0x0780. */
  className: string;
  classId: number;
  /** Vendor and device names from pci.ids. */
  name: string;
  vendor: number;
  device: number;
  /** 0 if lspci does not show it. */
  revision: number;
  subsystem: { name: string; vendor: number; device: number } | null;
  /** Flags of the command and status registers, under lspci's names (`I/O`, `INTx`). */
  control: Readonly<Record<string, boolean>>;
  status: Readonly<Record<string, boolean>>;
  interrupt: { pin: string; irq: number } | null;
  regions: readonly Region[];
  driver: string | null;
  /** The configuration space, from the hex dump. */
  config: Buffer;
}

const head =
  /^((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (.+?) \[([0-9a-f]{4})\]: (.+) \[([0-9a-f]{4}):([0-9a-f]{4})\](?: \(rev ([0-9a-f]{2})\))?/;

const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `text` consists of hexadecimal digits, as the form says that it matched. */
const hex = (text: string | undefined): number => parseNumber('lspci', `0x${text}`);

const flags = (text: string): Record<string, boolean> =>
  Object.fromEntries(
    [...text.matchAll(/(\S+?)([+-])(?=\s|$)/g)].map(([, name = '', sign]) => [name, sign === '+']),
  );

const region = (line: string): Region | undefined => {
  const match = /^Region (\d+): (I\/O ports|Memory) at (\S+)(.*)$/.exec(line);
  if (!match) return undefined;
  const [, index, kind, address = '', rest = ''] = match;
  const [, size, unit = ''] = /\[size=(\d+)([KMGT]?)\]/.exec(rest) ?? [];
  return {
    index: parseNumber('region of lspci', index),
    kind: kind === 'Memory' ? 'memory' : 'io',
    address: /^[0-9a-f]+$/.test(address) ? hex(address) : null,
    size: size === undefined ? null : parseNumber('region of lspci', size) * (units[unit] ?? 1),
    disabled: rest.includes('[disabled]'),
  };
};

const subsystemOf = (text: string | undefined): LspciDevice['subsystem'] => {
  if (text === undefined) return null;
  const form = /^(.*) \[([0-9a-f]{4}):([0-9a-f]{4})\]$/;
  const [name = '', vendor, device] = matchText('subsystem of lspci', 'a name and two ids', form, text);
  return { name, vendor: hex(vendor), device: hex(device) };
};

const interruptOf = (text: string | undefined): LspciDevice['interrupt'] => {
  if (text === undefined) return null;
  const form = /^pin ([A-D?]) (?:routed to IRQ (\d+)|disabled)$/;
  const [pin = '', irq = ''] = matchText('interrupt of lspci', 'a pin and an IRQ', form, text);
  return irq === '' ? null : { pin, irq: parseNumber('interrupt of lspci', irq) };
};

const configOf = (lines: readonly string[]): Buffer => {
  const rows = lines.filter((line) => /^[0-9a-f]{2,3}: /.test(line));
  return Buffer.concat(
    rows.map((row, index) => {
      const at = (16 * index).toString(16).padStart(2, '0');
      const form = new RegExp(`^${at}:((?: [0-9a-f]{2}){16})$`);
      const [bytes = ''] = matchText('hex dump of lspci', `16 bytes at ${at}`, form, row);
      return Buffer.from(bytes.replaceAll(' ', ''), 'hex');
    }),
  );
};

const parseOne = (block: string): LspciDevice => {
  const [first = '', ...lines] = block.split('\n');
  const groups = matchText('lspci', 'a device as -nn shows it', head, first);
  const [address = '', className = '', classId, name = '', vendor, device, revision] = groups;
  const details = lines.map((line) => line.trim());
  const after = (label: string): string | undefined =>
    details.find((line) => line.startsWith(`${label}: `))?.slice(label.length + 2);
  return {
    address,
    className,
    classId: hex(classId),
    name,
    vendor: hex(vendor),
    device: hex(device),
    revision: revision === '' ? 0 : hex(revision),
    subsystem: subsystemOf(after('Subsystem')),
    control: flags(after('Control') ?? ''),
    status: flags(after('Status') ?? ''),
    interrupt: interruptOf(after('Interrupt')),
    regions: details.flatMap((line) => region(line) ?? []),
    driver: after('Kernel driver in use') ?? null,
    config: configOf(details),
  };
};

/** Parses all devices of a listing. Throws GUEST_READ if a block does not begin with a device. */
export const parseLspci = (text: string): LspciDevice[] =>
  text
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map(parseOne);

/** Reads one device with the guest's lspci; undefined if there is no device at `address` (`00:05.0`). */
export const lspci = async (shell: Commands, address: string): Promise<LspciDevice | undefined> =>
  parseLspci(await shell.text(`lspci -nnvvxxx -s ${address}`))[0];

/** Reads all devices, in the order of their addresses. */
export const lspciAll = async (shell: Commands): Promise<LspciDevice[]> =>
  parseLspci(await shell.text('lspci -nnvvxxx'));
