// What a guest was like before the driver under test came: what is wrong with it already is not the driver's doing.

import { HarnessError } from '../base/errors.js';
import { matchText, parseNumber } from '../guest/guest-text.js';
import type { Programs } from '../guest/shell.js';
import { type Taint, unexpectedTaint } from '../guest/taint.js';

export interface Before {
  /** The taint flags, as /proc/sys/kernel/tainted has them. */
  readonly taint: number;
  /** Why the kernel loads modules with a valid signature only, and what to change. A driver under test has none. */
  readonly enforcesSignatures: string | undefined;
}

const enforced = '/sys/module/module/parameters/sig_enforce';

/** Lists the modes of lockdown, the one in force in brackets: `none [integrity] confidentiality`. */
const lockdown = '/sys/kernel/security/lockdown';

const whySigned = (flag = '', mode = ''): string | undefined => {
  if (flag === 'Y' || flag === '1') return `${enforced} is Y; boot it without module.sig_enforce`;
  return mode === '' || mode === 'none'
    ? undefined
    : `its lockdown is ${mode}; boot it without lockdown=${mode}`;
};

/** Asks the guest, which no driver under test has been loaded in. GUEST_READ. */
export const readBefore = async (shell: Programs): Promise<Before> => {
  // The second file is there only where the kernel can check signatures, the third where it can be locked down.
  const text = await shell.output(['read-files', '-f', '/proc/sys/kernel/tainted', enforced, lockdown], {
    what: 'the state of the kernel',
  });
  const expected = 'taint flags, Y or N where signatures can be checked, and the modes of lockdown';
  const form = /^(\d+)(?:\n([YN01]))?(?:\n[\w ]*\[(\w+)\][\w ]*)?$/;
  const [taint, flag, mode] = matchText('state of the kernel', expected, form, text);
  return { taint: parseNumber('taint flags', taint), enforcesSignatures: whySigned(flag, mode) };
};

/** KERNEL_LACKS, and so a scenario that is skipped, when no driver under test can be loaded. */
export const requireModules = ({ enforcesSignatures }: Before, release: string): void => {
  if (enforcesSignatures === undefined) return;
  throw new HarnessError('KERNEL_LACKS', {
    release,
    reason: `it loads no module without a valid signature: ${enforcesSignatures}`,
  });
};

const announced = new Set<string>();

/** A line about flags that were set already, once in a process for each kernel. */
export const oldTaint = ({ taint }: Before, release: string): string | undefined => {
  const flags = unexpectedTaint(taint);
  if (flags.length === 0 || announced.has(release)) return undefined;
  announced.add(release);
  const list = flags.map(({ letter, meaning }: Taint) => `${letter} (${meaning})`).join(', ');
  return `kernel ${release} is tainted before the driver is loaded: ${list}; only new flags count`;
};
