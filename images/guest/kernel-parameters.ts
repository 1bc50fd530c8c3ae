// The kernel parameters of a test guest.

/** Each parameter with its reason. Every one comes from a measurement or a test. */
const table: readonly (readonly [parameter: string, why: string])[] = [
  ['console=ttyS0', 'every wait watches this log'],
  [
    'quiet',
    'printing the whole boot log takes half a second on an emulated serial line; init restores the log level',
  ],
  ['oops=panic', 'an oops ends the test'],
  ['panic=-1', 'a panic resets the machine at once, which ends QEMU because of -no-reboot'],
  ['softlockup_panic=1', 'a CPU that spins in the driver ends the test'],
  ['printk.devkmsg=on', "init's messages are never dropped by rate limiting"],
  [
    'no_timer_check',
    'the check compares timer interrupts with a delay loop; under TCG on a busy host there are too few, and the kernel panics',
  ],
  ['cryptomgr.notests', 'saves 0.6 s under TCG'],
];

export const kernelParameters: readonly string[] = table.map(([parameter]) => parameter);

/** The timeouts of the kernel's watchdogs in seconds, and the maximum that the kernel accepts (6.12). */
const watchdogs: readonly (readonly [parameter: string, seconds: number, maximum: number])[] = [
  // The kernel reports a soft lockup after twice this time (kernel/watchdog.c).
  ['watchdog_thresh', 10, 60],
  ['rcupdate.rcu_cpu_stall_timeout', 21, 300],
  ['workqueue.watchdog_thresh', 30, 3600],
];

/**
 * Parameters that keep the watchdogs from reporting a kernel that is merely slow; empty for an ordinary
 * kernel.
 */
export const watchdogParameters = (slowness: number): string[] =>
  slowness <= 1
    ? []
    : watchdogs.map(
        ([parameter, seconds, maximum]) =>
          `${parameter}=${Math.min(maximum, Math.round(seconds * slowness))}`,
      );

/**
 * Makes an ordinary kernel check what kmalloc() returns: freed and new memory is poisoned, and has red zones
 * around it. Costs and use are measured (docs/figures.md). A slow kernel has KASAN or other checks instead.
 */
export const memoryParameters = (slowness: number): string[] =>
  slowness > 1 ? [] : ['slub_debug=FZPU,kmalloc-*'];

/**
 * Makes a guest with several CPUs keep the TSC as its clocksource. Linux 5.10 takes the TSCs of QEMU's
 * AMD-like CPU for unsynchronized and uses the HPET (arch/x86/kernel/tsc.c), which no CPU can read while
 * another one waits for the device.
 */
export const processorParameters = (cpus: number): string[] => (cpus > 1 ? ['tsc=reliable'] : []);
