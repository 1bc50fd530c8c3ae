// Parses `lspci -nnvvxxx` (pciutils 3.13). Pure, except for the functions that run lspci in a guest.

import { HarnessError } from '../base/errors.js';
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

const hex = (text: string | undefined): number => Number.parseInt(text ?? '', 16);

const flags = (text: string): Record<string, boolean> =>
  Object.fromEntries(
    [...text.matchAll(/(\S+?)([+-])(?=\s|$)/g)].map(([, name = '', sign]) => [name, sign === '+']),
  );

const region = (line: string): Region | undefined => {
  const match = /^Region (\d+): (I\/O ports|Memory) at (\S+)(.*)$/.exec(line);
  if (!match) return undefined;
  const [, index, kind, address = '', rest = ''] = match;
  const size = /\[size=(\d+)([KMGT]?)\]/.exec(rest);
  return {
    index: Number(index),
    kind: kind === 'Memory' ? 'memory' : 'io',
    address: /^[0-9a-f]+$/.test(address) ? hex(address) : null,
    size: size ? Number(size[1]) * (units[size[2] ?? ''] ?? 1) : null,
    disabled: rest.includes('[disabled]'),
  };
};

const subsystemOf = (text: string): LspciDevice['subsystem'] => {
  const match = /^(.*) \[([0-9a-f]{4}):([0-9a-f]{4})\]$/.exec(text);
  return match ? { name: match[1] ?? '', vendor: hex(match[2]), device: hex(match[3]) } : null;
};

const configOf = (lines: readonly string[]): Buffer => {
  const rows = lines.flatMap((line) => {
    const match = /^([0-9a-f]{2,3}):((?: [0-9a-f]{2}){16})$/.exec(line);
    return match
      ? [{ at: hex(match[1]), bytes: Buffer.from((match[2] ?? '').replaceAll(' ', ''), 'hex') }]
      : [];
  });
  const config = Buffer.alloc(rows.length * 16);
  for (const { at, bytes } of rows) bytes.copy(config, at);
  return config;
};

const parseOne = (block: string): LspciDevice => {
  const [first = '', ...lines] = block.split('\n');
  const match = head.exec(first);
  if (!match) {
    throw new HarnessError('GUEST_READ', {
      what: 'lspci',
      expected: 'a device as -nn shows it',
      got: JSON.stringify(first),
    });
  }
  const [, address = '', className = '', classId, name = '', vendor, device, revision] = match;
  const details = lines.map((line) => line.trim());
  const after = (label: string): string | undefined =>
    details.find((line) => line.startsWith(`${label}: `))?.slice(label.length + 2);
  const interrupt = /^pin ([A-D?]) routed to IRQ (\d+)$/.exec(after('Interrupt') ?? '');
  return {
    address,
    className,
    classId: hex(classId),
    name,
    vendor: hex(vendor),
    device: hex(device),
    revision: revision === undefined ? 0 : hex(revision),
    subsystem: subsystemOf(after('Subsystem') ?? ''),
    control: flags(after('Control') ?? ''),
    status: flags(after('Status') ?? ''),
    interrupt: interrupt ? { pin: interrupt[1] ?? '', irq: Number(interrupt[2]) } : null,
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
