// What the driver under test has written to the kernel log.

import { shellWord } from '../base/text.js';
import type { DriverDescription } from '../driver/description.js';
import type { Shell } from '../guest/shell.js';
import { functionAddress } from '../qemu/layout.js';

/** KERN_WARNING of the kernel's include/linux/kern_levels.h; smaller numbers are worse. */
const warning = 4;

/** `<level>[ time ] text`; the level is that of syslog(2), its upper bits the facility. */
const prefix = /^<(\d+)>/;

/**
 * Those of the lines that are warnings or worse. The kernel's own line about a module from outside its tree
 * is none of the driver's.
 */
export const warningsIn = (lines: readonly string[]): string[] =>
  lines.filter((line) => {
    const level = prefix.exec(line)?.[1];
    return level !== undefined && (Number(level) & 7) <= warning && !line.includes('taints kernel');
  });

/**
 * The lines of the kernel log that name one of the driver's modules, its drivers, or the function. They are
 * picked in the guest: a serial line is slow. GUEST_COMMAND.
 */
export const driverLog = async (
  shell: Pick<Shell, 'text'>,
  { modules, pciDriver, virtioDriver }: Pick<DriverDescription, 'modules' | 'pciDriver' | 'virtioDriver'>,
): Promise<string[]> => {
  const names = [...modules, pciDriver, virtioDriver, functionAddress()].map(
    (name) => `-e ${shellWord(name)}`,
  );
  const text = await shell.text(`dmesg -r | grep -F ${names.join(' ')} || true`, {
    what: 'what the driver has logged',
  });
  return text === '' ? [] : text.split('\n');
};
