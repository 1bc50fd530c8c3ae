// Freezes and thaws the guest and its devices: the first half of a hibernation.

import type { Commands } from './shell.js';

/** In milliseconds. Making the image takes one or two seconds, and much longer on a busy host. */
const imageMs = 60_000;

/**
 * The kernel freezes programs and devices, makes an image of its memory, finds no swap space for it, and
 * thaws everything again. Unlike a suspend to RAM in QEMU, this does not reset the devices. Resolves after
 * the guest has thawed. Rejects with GUEST_COMMAND if the kernel gives up earlier.
 */
export const freezeAndThaw = async (shell: Commands): Promise<void> => {
  await shell.text(
    `echo shutdown >/sys/power/disk && ! echo disk >/sys/power/state 2>/run/hibernation &&
    dmesg | grep -q 'Cannot find swap device' || { cat /run/hibernation >&2; false; }`,
    { what: 'freezing and thawing', timeoutMs: imageMs },
  );
};
