// A sleep of the guest that its devices live through: the first half of a hibernation.

import type { Commands } from './shell.js';

/** Making the image takes a second or two, and many times that on a busy host. */
const imageMs = 60_000;

/**
 * The kernel freezes programs and devices, makes an image of its memory, finds no swap to write it to, and
 * lets all of them go on. No device loses its state, which a suspend to RAM in QEMU resets. Resolves when the
 * guest goes on. GUEST_COMMAND if the kernel gives up earlier.
 */
export const freezeAndThaw = async (shell: Commands): Promise<void> => {
  await shell.text(
    `echo shutdown >/sys/power/disk && ! echo disk >/sys/power/state 2>/run/hibernation &&
    dmesg | grep -q 'Cannot find swap device' || { cat /run/hibernation >&2; false; }`,
    { what: 'freezing and thawing', timeoutMs: imageMs },
  );
};
