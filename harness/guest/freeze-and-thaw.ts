// Freezes and thaws the guest and its devices: the first half of a hibernation.

import { HarnessError } from '../base/errors.js';
import { consoleSuspend } from './console-in-sleep.js';
import type { Commands } from './shell.js';

/**
 * In milliseconds. The kernel gives up after 20 s if a task does not freeze. Making the image takes one or
 * two seconds.
 */
const imageMs = 25_000;

const start = 'echo disk >/sys/power/state';

/**
 * The kernel freezes programs and devices, makes an image of its memory, finds no swap space for it, and
 * thaws everything again. Unlike a suspend to RAM in QEMU, this does not reset the devices. Resolves after
 * the guest has thawed. Rejects with GUEST_SHELL if the guest has too little memory for the image, and with
 * GUEST_COMMAND if the kernel gives up earlier for another reason.
 */
export const freezeAndThaw = async (shell: Pick<Commands, 'text'>): Promise<void> => {
  // The log is printed from the start of the last attempt.
  const log = await shell.text(
    `echo N >${consoleSuspend} && echo shutdown >/sys/power/disk &&
    { ${start} 2>/run/hibernation; cat /run/hibernation
      dmesg | sed -n '/hibernation: hibernation entry/h; /hibernation: hibernation entry/!H; \${ x; p }'; }`,
    { what: 'freezing and thawing', timeoutMs: imageMs },
  );
  if (log.includes('Cannot find swap device')) return;
  const short = /Image allocation is \d+ pages short|Not enough free memory|Error -12 creating image/.exec(
    log,
  );
  if (short !== null)
    throw new HarnessError('GUEST_SHELL', {
      reason: `the guest has too little memory to hibernate: ${short[0]}`,
    });
  throw new HarnessError('GUEST_COMMAND', { command: start, status: 1, stderr: log.split('\n', 1)[0] ?? '' });
};
