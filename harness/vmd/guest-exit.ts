// Decides whether vmd restarts a VM whose guest ended by itself.

/**
 * `reset`: triple fault, reset pin or keyboard controller. `halt`: HLT with interrupts off, which is how a
 * guest without ACPI powers off. `poweroff`: ACPI S5, which vmd supports since 2026-09.
 */
export type GuestExit = 'reset' | 'halt' | 'poweroff';

export type Aftermath = 'restart' | 'stop';

/**
 * vmd restarts a VM only if its process exits with EAGAIN, which it does after a reset, and nobody has asked
 * to stop it.
 */
const aftermaths: Readonly<Record<GuestExit, Readonly<Record<'asked' | 'unasked', Aftermath>>>> = {
  reset: { unasked: 'restart', asked: 'stop' }, // vmd vmm.c 1.91 … 1.143
  halt: { unasked: 'stop', asked: 'stop' }, // vmm vmm_machdep.c 1.11: EIO
  poweroff: { unasked: 'stop', asked: 'stop' }, // vmd acpi.c 1.3
};

/** `stopIssued`: a `vmctl stop` marked the VM as shutting down. */
export const afterGuestExit = (exit: GuestExit, stopIssued: boolean): Aftermath =>
  aftermaths[exit][stopIssued ? 'asked' : 'unasked'];
