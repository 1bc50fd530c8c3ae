// Memory that the guest's kernel has lost, as kmemleak reports it (mm/kmemleak.c, Linux 6.12).

import { HarnessError } from '../base/errors.js';
import type { Commands } from './shell.js';

export interface Frame {
  /** `vmmci_probe+0x1c/0x340`, or an address if the code is not loaded any more. */
  readonly symbol: string;
  /** The module of the code; `undefined` for the kernel's own code and for an address. */
  readonly module?: string | undefined;
}

/** Objects of one size that were allocated in the same way. */
export interface Leak {
  readonly objects: number;
  /** The size of each object in bytes. */
  readonly size: number;
  /** Where they were allocated, the innermost function first. */
  readonly frames: readonly Frame[];
  /** kmemleak's report of the first of them. */
  readonly report: readonly string[];
}

const file = '/sys/kernel/debug/kmemleak';

/** In the guest: the symbols of the driver's modules while they were loaded. */
const symbolFile = '/run/driver-symbols';

/**
 * Two scans, because the first only notes the checksum of an object that it has not seen before. An object
 * must be 5 s old to be reported (MSECS_MIN_AGE); all of the driver's are when the second scan begins.
 */
const scanScript = `
  mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
  echo scan >${file} && usleep 5000000 && echo scan >${file} && cat ${file}`;

const isFrameLine = (line: string): boolean => /^ {4}\S/.test(line);

const parseFrame = (line: string): Frame => {
  const [, symbol = '', module] =
    /^ {4}(?:\[<[^>]*>\] )?(\S+)(?: \[(\w+)[^\]]*\])?$/.exec(line.trimEnd()) ?? [];
  if (symbol === '')
    throw new HarnessError('GUEST_READ', {
      what: 'report of kmemleak',
      expected: 'a frame of a backtrace',
      got: JSON.stringify(line),
    });
  return { symbol, module };
};

/** Parses the content of kmemleak's file. Objects with the same size and backtrace are counted together. */
export const parseLeaks = (text: string): Leak[] => {
  const leaks = new Map<string, Leak>();
  const blocks = text.split(/^(?=unreferenced object )/m).filter((block) => block.trim() !== '');
  for (const block of blocks) {
    const report = block.trimEnd().split('\n');
    const [, size] = /^unreferenced object (?:\S+ )?0x[0-9a-f]+ \(size (\d+)\):$/.exec(report[0] ?? '') ?? [];
    if (size === undefined)
      throw new HarnessError('GUEST_READ', {
        what: 'report of kmemleak',
        expected: 'unreferenced object 0x… (size …):',
        got: JSON.stringify(report[0]),
      });
    const start = report.findIndex((line) => /^ {2}backtrace/.test(line));
    const frames =
      start < 0
        ? []
        : report
            .slice(start + 1)
            .filter(isFrameLine)
            .map(parseFrame);
    const key = JSON.stringify([size, frames]);
    const known = leaks.get(key);
    leaks.set(key, {
      ...(known ?? { size: Number(size), frames, report }),
      objects: (known?.objects ?? 0) + 1,
    });
  }
  return [...leaks.values()];
};

const isAddress = (symbol: string): boolean => /^0x[0-9a-f]+$/.test(symbol);

/**
 * Whether code of the driver allocated the memory. Only the driver's modules are ever unloaded, so an address
 * without a symbol is in one of them. What the kernel loses by itself is not the driver's.
 */
export const isOfModules = ({ frames }: Pick<Leak, 'frames'>, modules: readonly string[]): boolean =>
  frames.some(
    ({ symbol, module }) => isAddress(symbol) || (module !== undefined && modules.includes(module)),
  );

interface ModuleSymbol extends Required<Frame> {
  readonly address: bigint;
}

/** Parses lines of /proc/kallsyms that name a module. */
const parseSymbols = (text: string): ModuleSymbol[] =>
  [...text.matchAll(/^([0-9a-f]+) [tT] (\S+)\t\[(\w+)\]$/gm)]
    .map(([, address, symbol = '', module = '']) => ({ address: BigInt(`0x${address}`), symbol, module }))
    .sort((left, right) => (left.address < right.address ? -1 : 1));

/** A function of a module is smaller than this, in bytes; beyond it an address belongs to other code. */
const maxFunction = 0x10000n;

/** Names the functions of modules that were unloaded meanwhile. */
export const nameFrames = (leak: Leak, kallsyms: string): Leak => {
  const symbols = parseSymbols(kallsyms);
  const frames = leak.frames.map((frame): Frame => {
    if (!isAddress(frame.symbol)) return frame;
    const address = BigInt(frame.symbol);
    const found = symbols.findLast((symbol) => symbol.address <= address);
    if (found === undefined || address - found.address > maxFunction) return frame;
    return { symbol: `${found.symbol}+0x${(address - found.address).toString(16)}`, module: found.module };
  });
  return { ...leak, frames };
};

/** Keeps the symbols of the modules that are loaded, for `findLeaks` after they are unloaded. */
export const noteSymbols = async (shell: Commands, modules: readonly string[]): Promise<void> => {
  const pattern = modules.map((name) => `[[]${name}[]]$`).join('|');
  await shell.text(`grep -E '${pattern}' /proc/kallsyms >${symbolFile} || :`, {
    what: 'symbols of the driver',
  });
};

/** Scans the memory of the guest; resolves with what the driver's modules have lost. GUEST_READ, GUEST_COMMAND. */
export const findLeaks = async (shell: Commands, modules: readonly string[]): Promise<Leak[]> => {
  const text = await shell.text(scanScript, { what: 'memory leaks', timeoutMs: 60_000 });
  const leaks = parseLeaks(text).filter((leak) => isOfModules(leak, modules));
  if (leaks.length === 0) return [];
  const symbols = await shell.text(`cat ${symbolFile}`, { what: 'symbols of the driver' });
  return leaks.map((leak) => nameFrames(leak, symbols));
};

/** `3 × 64 bytes allocated by vmmci_probe+0x1c [vmmci]`: the innermost function of a module. */
export const describeLeak = ({ objects, size, frames }: Leak): string => {
  const found =
    frames.find(({ module }) => module !== undefined) ?? frames.find(({ symbol }) => isAddress(symbol));
  const by = found && `${found.symbol}${found.module === undefined ? '' : ` [${found.module}]`}`;
  return `${objects} × ${size} bytes allocated by ${by ?? 'unknown code'}`;
};
