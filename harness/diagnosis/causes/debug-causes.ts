// Causes that only a kernel with debugging options reports in its log.

import type { Cause } from './facts.js';
import { inLog } from './log-causes.js';

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
  'lock-not-initialized': inLog(/trying to register non-static key|spinlock bad magic/, {
    sentence: 'The driver takes a lock that was not initialized.',
    change:
      'Call spin_lock_init() or mutex_init() before anything can take it: before registration, and before interrupts.',
    requirement: 'carries-out',
  }),
} as const satisfies Readonly<Record<string, Cause>>;
