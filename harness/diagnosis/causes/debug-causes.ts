// Causes that only a kernel with debugging options reports in its log.

import type { Cause } from './facts.js';
import { inLog } from './log-causes.js';

export const debugCauses = {
  'memory-out-of-bounds': inLog(
    /KASAN: (?:slab|stack|global|vmalloc|alloca)-out-of-bounds|(?:Left|Right) Redzone overwritten/,
    {
      sentence: 'The driver accesses memory beyond the end of an object.',
      change: 'Look at the size of the object: the stack below the line shows the access and the allocation.',
      requirement: 'leaves-nothing',
    },
  ),
  'undefined-behaviour': inLog(/UBSAN: [\w-]+ in /, {
    sentence: 'The code of the driver has undefined behaviour in C.',
    change: 'Check the index, the shift or the value before its use; the line below names file and line.',
    requirement: 'carries-out',
  }),
  'lock-not-initialized': inLog(/trying to register non-static key|spinlock bad magic/, {
    sentence: 'The driver takes a lock that was not initialized.',
    change:
      'Call spin_lock_init() or mutex_init() before anything can take it: before registration, and before interrupts.',
    requirement: 'carries-out',
  }),
} as const satisfies Readonly<Record<string, Cause>>;
