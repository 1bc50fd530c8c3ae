// What the driver under test has written to the kernel log.

import type { DriverDescription } from '../driver/description.js';
import { readKernelLog } from '../guest/kernel-log.js';
import type { Commands } from '../guest/shell.js';
import { functionAddress } from '../qemu/layout.js';

/** KERN_WARNING of the kernel's include/linux/kern_levels.h; smaller numbers are worse. */
const warning = 4;

/** `<level>[ time ] text`; the level is that of syslog(2), its upper bits the facility. */
const prefix = /^<(\d+)>/;

/** Those of the lines that name one of the driver's modules, its drivers, or the function. */
export const namingDriver = (
  lines: readonly string[],
  { modules, pciDriver, virtioDriver }: Pick<DriverDescription, 'modules' | 'pciDriver' | 'virtioDriver'>,
): string[] => {
  const names = [...modules, pciDriver, virtioDriver, functionAddress];
  return lines.filter((line) => names.some((name) => line.includes(name)));
};

/** Those of the lines that are warnings or worse. The kernel's own line about a module from outside its tree is none of the driver's. */
export const warningsIn = (lines: readonly string[]): string[] =>
  lines.filter((line) => {
    const level = prefix.exec(line)?.[1];
    return level !== undefined && (Number(level) & 7) <= warning && !line.includes('taints kernel');
  });

/** The lines of the kernel log that name the driver, since the guest is up. KERNEL_LOG. */
export const driverLog = async (shell: Commands, description: DriverDescription): Promise<string[]> =>
  namingDriver((await readKernelLog(shell, 'up')).lines, description);
