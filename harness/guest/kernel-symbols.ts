// Reads the kernel's symbols from the running kernel: in Debian, System.map is only in the package with
// debugging information.

import { open } from 'node:fs/promises';
import { HarnessError } from '../base/errors.js';
import type { Commands } from './shell.js';
import type { ElfSymbol } from './symbol-file.js';

/** In milliseconds: 200,000 lines, which take about ten seconds under TCG. */
const listMs = 120_000;

/**
 * The address for which the kernel is linked (arch/x86: __START_KERNEL_map and the default
 * CONFIG_PHYSICAL_START). KASLR moves it.
 */
const linkedText = 0xffffffff81000000n;

const line = /^([0-9a-f]{16}) ([A-Za-z]) (\S+)$/;

/**
 * The symbols of the kernel itself, at the addresses for which it is linked. Lines of modules have a third
 * field and are left out. Throws GUEST_READ if `_text` is missing.
 */
export const parseSymbols = (listing: string): ElfSymbol[] => {
  const found = listing.split('\n').flatMap((text) => {
    const [, address, type = '', name] = line.exec(text) ?? [];
    return address === undefined || name === undefined
      ? []
      : [{ address: BigInt(`0x${address}`), type, name }];
  });
  const start = found.find(({ name }) => name === '_text')?.address ?? 0n;
  const end = found.find(({ name }) => name === '_end')?.address ?? 0n;
  if (start === 0n || end <= start)
    throw new HarnessError('GUEST_READ', {
      what: '/proc/kallsyms',
      expected: 'addresses of _text and _end',
      got: `${found.length} symbols without`,
    });
  return found
    .filter(({ address }) => address >= start && address < end)
    .map(({ address, type, name }) => ({
      name,
      address: address - start + linkedText,
      kind: /[tTwW]/.test(type) ? 'function' : 'object',
    }));
};

/**
 * Reads /proc/kallsyms through the guest's disk `device`, whose image is `image`, because seven megabytes
 * take a minute over a serial line. Overwrites that disk.
 */
export const readSymbols = async (
  shell: Commands,
  { device, image }: { device: string; image: string },
): Promise<ElfSymbol[]> => {
  const text = await shell.text(
    `cat /proc/kallsyms >/tmp/kallsyms && dd if=/tmp/kallsyms of=${device} bs=64k conv=fsync 2>/dev/null &&
    wc -c </tmp/kallsyms && rm /tmp/kallsyms`,
    { what: 'symbols of the kernel', timeoutMs: listMs },
  );
  const file = await open(image, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Number(text)), 0, Number(text), 0);
    return parseSymbols(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
};

/** The offset by which KASLR has moved the kernel of this guest. Rejects with GUEST_READ. */
export const readSlide = async (shell: Commands): Promise<bigint> => {
  const text = await shell.text(`grep -m 1 ' _text$' /proc/kallsyms`, { what: 'address of _text' });
  const address = BigInt(`0x${line.exec(text)?.[1] ?? '0'}`);
  if (address === 0n)
    throw new HarnessError('GUEST_READ', {
      what: '/proc/kallsyms',
      expected: 'the address of _text',
      got: text,
    });
  return address - linkedText;
};
