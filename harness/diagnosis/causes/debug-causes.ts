// Causes that only a kernel with debugging options reports in its log.

import type { Cause } from './facts.js';
import { logLines } from './kernel-reports.js';
import { inLog } from './log-causes.js';

/**
 * Matches the lock in a report of lockdep: one that sleeps only with PREEMPT_RT (LD_WAIT_CONFIG in Linux
 * include/linux/lockdep_types.h).
 */
const spinlock = /\}-\{3:3\}/;

export const debugCauses = {
  'memory-out-of-bounds': inLog(
    /KASAN: (?:slab-|stack-|global-|alloca-)?out-of-bounds|(?:Left|Right) Redzone overwritten/,
    {
      sentence: 'The driver accesses memory beyond the end of an object.',
      change: 'Look at the size of the object: the stack below the line shows the access and the allocation.',
      requirement: 'leaves-nothing',
    },
  ),
  'memory-not-mapped': inLog(/KASAN: (?:vmalloc-out-of-bounds|wild-memory-access|user-memory-access) in /, {
    sentence:
      'The driver uses an address at which it has no memory: a wild pointer, or data of unloaded code.',
    change: 'Look at the access in the stack below the line, and at when that pointer is set and is valid.',
    requirement: 'leaves-nothing',
  }),
  'pointer-freed-wrong': inLog(
    /KASAN: invalid-free|Invalid object pointer 0x|Attempt to free object\(0x\w+\) outside of slab/,
    {
      sentence: 'The driver frees a pointer that no allocation has returned.',
      change: 'Pass to kfree() exactly what kmalloc() returned, not the address of a member.',
      requirement: 'leaves-nothing',
    },
  ),
  'undefined-behaviour': inLog(/UBSAN: [\w-]+ in /, {
    sentence: 'The code of the driver has undefined behaviour in C.',
    change: 'Check the index, the shift or the value before its use; the line below names file and line.',
    requirement: 'carries-out',
  }),
  'work-initialized-while-queued': inLog(/ODEBUG: init active/, {
    sentence: 'A timer or work item is initialized again while it is still queued.',
    change: 'Initialize it once, in probe, and cancel it in remove, so that the next probe finds it idle.',
    requirement: 'silent-when-gone',
  }),
  'work-not-initialized': inLog(/ODEBUG: (?:assert_init|activate) not available/, {
    sentence: 'The driver queues or cancels a timer or work item that was not initialized.',
    change:
      'Call INIT_WORK(), INIT_DELAYED_WORK() or timer_setup() before the first use, also on error paths.',
    requirement: 'carries-out',
  }),
  'spinlock-sleeps-with-rt': {
    sentence: 'The driver takes a spinlock where no task may sleep, and with PREEMPT_RT spinlocks sleep.',
    change:
      'Do not request the interrupt with IRQF_NO_THREAD, and take no spinlock_t under a raw_spinlock_t or with interrupts off by hand.',
    requirement: 'acknowledges-in-time',
    find: (facts) => {
      const lines = logLines(facts);
      const title = lines.findIndex((line) => line.includes('BUG: Invalid wait context'));
      const lock = lines.findIndex((line, at) => at > title && line.endsWith('is trying to lock:')) + 1;
      const taken = lines[lock] ?? '';
      return title !== -1 && lock > title && spinlock.test(taken) ? [lines[title] ?? '', taken] : [];
    },
  },
  'lock-not-initialized': inLog(/trying to register non-static key|spinlock bad magic/, {
    sentence: 'The driver takes a lock that was not initialized.',
    change:
      'Call spin_lock_init() or mutex_init() before anything can take it: before registration, and before interrupts.',
    requirement: 'carries-out',
  }),
} as const satisfies Readonly<Record<string, Cause>>;
