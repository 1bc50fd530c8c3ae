// Messages that a healthy kernel never prints, in the wordings of 5.10 to 7.3.

export interface Pattern {
  kind: string;
  pattern: RegExp;
}

/** The first matching pattern decides the kind, so specific patterns precede general ones. */
export const splatPatterns: readonly Pattern[] = [
  { kind: 'panic', pattern: /Kernel panic - not syncing/ },
  { kind: 'KASAN', pattern: /BUG: KASAN: / },
  { kind: 'KFENCE', pattern: /BUG: KFENCE: / },
  { kind: 'KCSAN', pattern: /BUG: KCSAN: / },
  { kind: 'KMSAN', pattern: /BUG: KMSAN: / },
  { kind: 'UBSAN', pattern: /UBSAN: / },
  { kind: 'soft lockup', pattern: /BUG: soft lockup|soft lockup - CPU/ },
  { kind: 'hard lockup', pattern: /hard LOCKUP|BUG: workqueue lockup/ },
  { kind: 'atomic', pattern: /BUG: (scheduling while atomic|sleeping function called from invalid context)/ },
  {
    kind: 'oops',
    pattern:
      /\bOops: |unable to handle (kernel |page fault|NULL|paging)|BUG: kernel NULL pointer|general protection fault|double fault|invalid opcode: |divide error: |stack segment: |stack guard page was hit|kernel stack overflow/i,
  },
  // Messages of debug kernels (lib/debugobjects.c, kernel/locking/lockdep.c, kernel/workqueue.c,
  // mm/kmemleak.c).
  { kind: 'debug objects', pattern: /ODEBUG: \w+ / },
  {
    kind: 'lockdep',
    pattern: /BUG: (Invalid wait context|workqueue leaked (lock|atomic))|BUG: .* (still|nothing) held/,
  },
  { kind: 'leak', pattern: /kmemleak: \d+ new suspected memory leaks/ },
  { kind: 'BUG', pattern: /kernel BUG at |\bBUG: |\bBUG \S+ \(.*\): / },
  { kind: 'refcount', pattern: /refcount_t: / },
  {
    kind: 'use after free',
    pattern: /use-after-free|Object already free|Poison overwritten|Redzone overwritten/i,
  },
  { kind: 'list corruption', pattern: /list_(add|del)(_valid)? corruption|list_(add|del) attempt/ },
  {
    kind: 'lockdep',
    pattern:
      /possible (circular locking|recursive locking|irq lock inversion|interrupt unsafe|deadlock)|inconsistent lock state|bad unlock balance|held lock freed|lock held when returning|suspicious RCU usage|trying to register non-static key|unsafe locking scenario|irq-safe -> irq-unsafe|\*\*\* DEADLOCK \*\*\*|possible reason: unannotated irqs/i,
  },
  { kind: 'hung task', pattern: /INFO: task .+ blocked (for more than|in I\/O wait)/ },
  {
    kind: 'RCU stall',
    pattern:
      /\brcu.*(stalls? on|self-detected stall|kthread starved|Possible timer handling issue)|expedited stalls/i,
  },
  { kind: 'WARNING', pattern: /\bWARNING: (?!.*(?:mitigation|vulnerab))/ },
  {
    kind: 'interrupt',
    pattern:
      /irq \d+: nobody cared|Disabling IRQ #\d+|genirq: Flags mismatch|Trying to free already-free IRQ/,
  },
  {
    kind: 'duplicate',
    // Error -12 is ENOMEM: an allocation that a scenario made fail. The PTP core of Linux has a directory for
    // each program that has a clock open, and names it by an address (drivers/ptp/ptp_chardev.c). All
    // addresses are printed alike until the kernel has random numbers.
    pattern:
      /sysfs: cannot create duplicate filename|kobject_add_internal failed(?!.*error: -12\b)|debugfs: (?:Directory|File) '(?!0x\(____ptrval____\)' with parent 'ptp).*' .*already present/,
  },
  {
    kind: 'memory',
    pattern: /Out of memory: Kill|oom-kill:|page allocation failure|Bad page state|Bad page map|DMA-API: /,
  },
  {
    kind: 'stuck',
    // Excludes the clocksource watchdog, because a busy host makes an emulated TSC skew.
    pattern: /NMI watchdog: Watchdog detected|watchdog: BUG/,
  },
  // A catch-all: a stack trace that no other pattern explains is a failure, too.
  { kind: 'stack trace', pattern: /\bCall Trace:/ },
];
