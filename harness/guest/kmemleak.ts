// Finds memory that the guest's kernel has lost, with kmemleak (mm/kmemleak.c, Linux 6.12).

import { HarnessError } from '../base/errors.js';
import type { Commands } from './shell.js';

export interface Frame {
  /** For example `vmmci_probe+0x1c/0x340`, or an address if the code has been unloaded. */
  readonly symbol: string;
  /** The module of the code; `undefined` for code of the kernel itself and for an address. */
  readonly module?: string | undefined;
}

/** Objects of one size that were allocated in the same way. */
export interface Leak {
  readonly objects: number;
  /** The size of each object in bytes. */
  readonly size: number;
  /** The backtrace of the allocation, innermost function first. */
  readonly frames: readonly Frame[];
  /** kmemleak's report of the first object. */
  readonly report: readonly string[];
}

const file = '/sys/kernel/debug/kmemleak';

/** A file in the guest with the symbols that the driver's modules had while they were loaded. */
const symbolFile = '/run/driver-symbols';

/**
 * Scans twice, because the first scan only records the checksums of new objects. kmemleak reports objects
 * that are at least 5 s old (MSECS_MIN_AGE), which is true for all of the driver's objects when the second
 * scan begins.
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
 * True if code of the driver allocated the memory. Only the driver's modules are ever unloaded, so an address
 * without a symbol belongs to one of them. Leaks of the kernel itself do not count.
 */
export const belongsToModules = ({ frames }: Pick<Leak, 'frames'>, modules: readonly string[]): boolean =>
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

/** Functions of modules are smaller than this, so a larger distance from a symbol means other code. */
const maxFunctionBytes = 0x10000n;

/** Replaces addresses in unloaded modules by the names of their functions. */
export const nameFrames = (leak: Leak, kallsyms: string): Leak => {
  const symbols = parseSymbols(kallsyms);
  const frames = leak.frames.map((frame): Frame => {
    if (!isAddress(frame.symbol)) return frame;
    const address = BigInt(frame.symbol);
    const found = symbols.findLast((symbol) => symbol.address <= address);
    if (found === undefined || address - found.address > maxFunctionBytes) return frame;
    return { symbol: `${found.symbol}+0x${(address - found.address).toString(16)}`, module: found.module };
  });
  return { ...leak, frames };
};

/**
 * Saves the symbols of the loaded modules, so that `findLeaks` can use them after the modules are unloaded.
 */
export const saveSymbols = async (shell: Commands, modules: readonly string[]): Promise<void> => {
  const pattern = modules.map((name) => `[[]${name}[]]$`).join('|');
  await shell.text(`grep -E '${pattern}' /proc/kallsyms >${symbolFile} || :`, {
    what: 'symbols of the driver',
  });
};

/**
 * Scans the memory of the guest. Resolves with the leaks of the driver's modules. `loads` is the number of
 * times that they were loaded: with more than one, an address may be that of earlier code, and is not named.
 * Rejects with GUEST_READ or GUEST_COMMAND.
 */
export const findLeaks = async (
  shell: Commands,
  modules: readonly string[],
  loads: number,
): Promise<Leak[]> => {
  const text = await shell.text(scanScript, { what: 'memory leaks', timeoutMs: 60_000 });
  const leaks = parseLeaks(text).filter((leak) => belongsToModules(leak, modules));
  if (leaks.length === 0 || loads > 1) return leaks;
  const symbols = await shell.text(`cat ${symbolFile}`, { what: 'symbols of the driver' });
  return leaks.map((leak) => nameFrames(leak, symbols));
};

/**
 * Describes a leak with the innermost function of a module: `3 × 64 bytes allocated by vmmci_probe+0x1c
 * [vmmci]`, or with an address in an unloaded module and the function that was called there.
 */
export const describeLeak = ({ objects, size, frames }: Leak): string => {
  const what = `${objects} × ${size} bytes allocated by`;
  const found = frames.find(({ module }) => module !== undefined);
  if (found !== undefined) return `${what} ${found.symbol} [${found.module}]`;
  const index = frames.findIndex(({ symbol }) => isAddress(symbol));
  const called = frames[index - 1];
  const calls = called === undefined ? '' : `, which calls ${called.symbol}`;
  return `${what} ${frames[index]?.symbol ?? 'unknown code'}${calls}`;
};
