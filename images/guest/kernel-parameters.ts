// The kernel command line of a test guest.

/** Each parameter and why it is there. Only what a measurement or a test asked for. */
const table: readonly (readonly [parameter: string, why: string])[] = [
  ['console=ttyS0', 'the log that every wait watches'],
  [
    'quiet',
    'a boot at full volume costs half a second on an emulated serial line; init turns the volume up again',
  ],
  ['oops=panic', 'an oops is the end of the test, not something to carry on after'],
  ['panic=-1', 'a panic resets at once, and -no-reboot makes that the end of QEMU'],
  ['softlockup_panic=1', 'a CPU that spins in the driver ends the test by itself'],
  ['printk.devkmsg=on', "init's own lines are never rate-limited away"],
  [
    'no_timer_check',
    'the check counts timer interrupts against a delay loop: on a busy host too few come under TCG, and the kernel panics',
  ],
  ['cryptomgr.notests', 'saves 0.6 s under TCG'],
];

export const kernelParameters: readonly string[] = table.map(([parameter]) => parameter);
