// Makes allocations of the driver fail, one at a time, on a kernel with fault injection (Linux
// Documentation/fault-injection).

import { HarnessError } from '../base/errors.js';
import type { Commands } from './shell.js';

const directory = '/sys/kernel/debug/failslab';

/** The maximum stack depth in which the kernel looks for code of the driver (lib/fault-inject.c). */
const stackDepth = 32;

/**
 * The function of the kernel that looks for the interrupt of a PCI function, and runs the firmware's bytecode
 * for that. One pci_enable_device() makes thousands of allocations in it, which are none of the driver's.
 */
const interruptLookup = 'acpi_pci_irq_enable';

/** Searching the kernel's symbols takes seconds under TCG. */
const searchMs = 60_000;

/**
 * The settings that leave out allocations within the function; none on a kernel without it. /proc/kallsyms is
 * in the order of the addresses, so the next symbol is its end.
 */
const withoutInterruptLookup = async (shell: Commands): Promise<Readonly<Record<string, string>>> => {
  const text = await shell.text(`grep -m 1 -A 1 ' [tT] ${interruptLookup}$' /proc/kallsyms || :`, {
    what: `address of ${interruptLookup}`,
    timeoutMs: searchMs,
  });
  if (text === '') return {};
  const [start, end] = [...text.matchAll(/^([0-9a-f]{8,16}) \S \S+$/gm)].map(([, address]) => `0x${address}`);
  if (start === undefined || end === undefined)
    throw new HarnessError('GUEST_READ', {
      what: '/proc/kallsyms',
      expected: `the lines of ${interruptLookup} and of the next symbol`,
      got: JSON.stringify(text),
    });
  return { 'reject-start': start, 'reject-end': end };
};

/**
 * Limits fault injection to allocations with code of the driver on the stack, including those that may sleep.
 * Nothing fails yet. The modules must be loaded and must not be reloaded afterwards.
 */
export const limitFaultsTo = async (shell: Commands, modules: readonly string[]): Promise<void> => {
  const pattern = `^(${modules.join('|')}) `;
  const text = await shell.text(
    `mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null; grep -E '${pattern}' /proc/modules`,
    { what: 'addresses of the modules' },
  );
  // `vmmci 24576 0 - Live 0xffffffffc0200000 (O)`
  const ranges = [...text.matchAll(/^\w+ (\d+) .* (0x[0-9a-f]+)(?: \(\w+\))?$/gm)]
    .map(([, size = '', start = '']) => ({ start: BigInt(start), end: BigInt(start) + BigInt(size) }))
    .sort((left, right) => (left.start < right.start ? -1 : 1));
  const [first, last] = [ranges.at(0), ranges.at(-1)];
  if (first === undefined || last === undefined || ranges.length !== modules.length)
    throw new HarnessError('GUEST_READ', {
      what: '/proc/modules',
      expected: `a line for each of ${modules.join(', ')}`,
      got: JSON.stringify(text),
    });
  const settings = {
    'ignore-gfp-wait': 'N',
    verbose: '0',
    'stacktrace-depth': String(stackDepth),
    'require-start': `0x${first.start.toString(16)}`,
    'require-end': `0x${last.end.toString(16)}`,
    ...(await withoutInterruptLookup(shell)),
  };
  const lines = Object.entries(settings).map(([name, value]) => `echo ${value} >${directory}/${name}`);
  await shell.text(`set -e\n${lines.join('\n')}`, { what: 'setting up of failslab' });
};

export interface Attempt {
  /** True if there were so many allocations, so that one of them failed. */
  readonly injected: boolean;
  /** The exit status of the command. */
  readonly status: number;
}

const parseAttempt = (text: string): Attempt => {
  const [, status, left] = /^(\d+) (\d+)$/.exec(text) ?? [];
  if (status === undefined)
    throw new HarnessError('GUEST_READ', {
      what: 'fail-nth',
      expected: 'a status, and how many allocations were left',
      got: JSON.stringify(text),
    });
  return { injected: left === '0', status: Number(status) };
};

/**
 * Runs a command that consists of shell builtins. The `nth` allocation of the driver in it fails, counted
 * from 1.
 */
export const withFailure = async (shell: Commands, nth: number, command: string): Promise<Attempt> =>
  parseAttempt(
    await shell.text(
      `echo ${nth} >/proc/self/fail-nth; { ${command}; } >/dev/null 2>&1; status=$?
      read left </proc/self/fail-nth; echo 0 >/proc/self/fail-nth; echo $status $left`,
      { what: `allocation ${nth} to fail in \`${command}\`` },
    ),
  );

const workers = `for comm in $(grep -l ^kworker /proc/[0-9]*/comm 2>/dev/null); do task=$(dirname $comm)`;

/** Makes the `nth` allocation of the driver in work items fail, whichever worker runs them. */
export const failInWorkers = async (shell: Commands, nth: number): Promise<void> => {
  await shell.text(`${workers}; echo ${nth} >$task/fail-nth; done 2>/dev/null`, {
    what: 'fail-nth of workers',
  });
};

/** Stops `failInWorkers`. Resolves with true if an allocation failed. */
export const hasFailedInWorkers = async (shell: Commands, nth: number): Promise<boolean> => {
  const text = await shell.text(
    `${workers}; left=${nth}; read left <$task/fail-nth; echo 0 >$task/fail-nth; echo $left; done 2>/dev/null`,
    { what: 'fail-nth of workers' },
  );
  return text.split('\n').includes('0');
};
