// Causes that only a kernel with debugging options reports in its log.

import type { Cause } from './facts.js';
import { inLog } from './log-causes.js';

export const debugCauses = {
  'memory-leaked': inLog(/^unreferenced object (?:\S+ )?0x[0-9a-f]+ \(size \d+\):$/, {
    sentence: 'The driver leaks memory: there is no pointer to an allocation any more.',
    change:
      'Free it on each path: the backtrace in dmesg.txt names the function of the driver that allocated it.',
    requirement: 'leaves-nothing',
  }),
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
    change: 'Check the index, the shift or the value before its use: the line names file and line.',
    requirement: 'carries-out',
  }),
} as const satisfies Readonly<Record<string, Cause>>;
