// Reads the state of a guest's kernel before the driver under test is loaded, so that the driver is not
// blamed for it.

import { HarnessError } from '../base/errors.js';
import { printable } from '../base/text.js';
import { matchText, parseNumber } from '../guest/guest-text.js';
import type { Programs } from '../guest/shell.js';
import { type Taint, unexpectedTaint } from '../guest/taint.js';

export interface Before {
  /** The release of the kernel that runs: `uname -r`. */
  readonly release: string;
  /** The taint flags of /proc/sys/kernel/tainted. */
  readonly taint: number;
  /**
   * Why the kernel loads only signed modules, and how to change that. A driver under test is not signed.
   * Undefined if the kernel loads unsigned modules.
   */
  readonly enforcesSignatures: string | undefined;
}

const release = '/proc/sys/kernel/osrelease';

const enforced = '/sys/module/module/parameters/sig_enforce';

/** This file lists the lockdown modes with the active one in brackets: `none [integrity] confidentiality`. */
const lockdown = '/sys/kernel/security/lockdown';

const whySigned = (flag = '', mode = ''): string | undefined => {
  if (flag === 'Y' || flag === '1') return `${enforced} is Y; boot it without module.sig_enforce`;
  return mode === '' || mode === 'none'
    ? undefined
    : `its lockdown is ${mode}; boot it without lockdown=${mode}`;
};

/** Reads the state in the guest. Must run before the driver under test is loaded. Rejects with GUEST_READ. */
export const readBefore = async (shell: Programs): Promise<Before> => {
  // The third file exists only if the kernel can check signatures, the fourth only if it supports lockdown.
  const text = await shell.output(
    ['read-files', '-f', release, '/proc/sys/kernel/tainted', enforced, lockdown],
    { what: 'the state of the kernel' },
  );
  const expected = 'release, taint flags, Y or N where signatures can be checked, and the modes of lockdown';
  const form = /^(\S+)\n(\d+)(?:\n([YN01]))?(?:\n[\w ]*\[(\w+)\][\w ]*)?$/;
  const [found = '', taint, flag, mode] = matchText('state of the kernel', expected, form, text);
  return {
    release: found,
    taint: parseNumber('taint flags', taint),
    enforcesSignatures: whySigned(flag, mode),
  };
};

/** Throws GUEST_KERNEL if another kernel than `expected` runs, as after the restore of a wrong snapshot. */
export const requireRelease = ({ release: found }: Before, expected: string): void => {
  if (found !== expected) throw new HarnessError('GUEST_KERNEL', { found: printable(found), expected });
};

/** Throws KERNEL_LACKS, which skips the scenario, if the kernel refuses the unsigned driver under test. */
export const requireModules = ({ enforcesSignatures }: Before, release: string): void => {
  if (enforcesSignatures === undefined) return;
  throw new HarnessError('KERNEL_LACKS', {
    release,
    reason: `it refuses modules without a valid signature: ${enforcesSignatures}`,
  });
};

const announced = new Set<string>();

/** A line about taint flags that were already set. Returns it once per process and kernel, then undefined. */
export const oldTaint = ({ taint }: Before, release: string): string | undefined => {
  const flags = unexpectedTaint(taint);
  if (flags.length === 0 || announced.has(release)) return undefined;
  announced.add(release);
  const list = flags.map(({ letter, meaning }: Taint) => `${letter} (${meaning})`).join(', ');
  return `kernel ${release} is tainted before the driver is loaded: ${list}; only new flags count`;
};
