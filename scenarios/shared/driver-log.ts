// Reads the lines of the kernel log that are about the driver under test.

import { type DriverDescription, driverNames } from '../../harness/driver/description.js';
import type { Shell } from '../../harness/guest/shell.js';
import { functionAddress } from '../../harness/qemu/layout.js';

/** KERN_WARNING in the kernel's include/linux/kern_levels.h; smaller numbers are more severe. */
const warning = 4;

/**
 * Matches `<priority>[ time ] text`; the lower 3 bits of the priority are the level, the others the facility.
 */
const prefix = /^<(\d+)>/;

/**
 * Matches the lines by which a report of the kernel (a panic, WARNING, or report of SLUB) names a module or a
 * function: entries of stacks are indented. Such a report is a failure of its own.
 */
const ofReport =
  /^<\d+>(?:\[[^\]]*\] )?(?:\s|Modules linked in|Allocated in |Freed in |RIP: |EIP: |BUG|WARNING: |CPU: |Workqueue: )/;

/** The lines that are warnings or worse, without the kernel's reports and its warning about taint. */
export const warningsIn = (lines: readonly string[]): string[] =>
  lines.filter((line) => {
    const level = prefix.exec(line)?.[1];
    const isOurs = !line.includes('taints kernel') && !ofReport.test(line);
    return level !== undefined && (Number(level) & 7) <= warning && isOurs;
  });

/** The parts of a description that tell which lines of the kernel log are the driver's. */
type LogNames = Pick<DriverDescription, 'modules' | 'pciDriver' | 'virtioDriver' | 'logPrefix'>;

/**
 * The lines of the kernel log that name a module or driver of the description, or the function, or have the
 * description's prefix. The guest filters them, because the serial line is slow. Rejects with GUEST_COMMAND.
 */
export const driverLog = async (shell: Pick<Shell, 'output'>, driver: LogNames): Promise<string[]> => {
  const own = driver.logPrefix === undefined ? [] : [driver.logPrefix];
  const names = [...driver.modules, ...driverNames(driver), functionAddress(), ...own];
  const text = await shell.output(['log-lines', ...names], { what: "the driver's lines in the kernel log" });
  return text === '' ? [] : text.split('\n');
};
