// Finds memory that the driver allocates and never frees, with the kernel's trace events, which ordinary
// kernels have too (include/trace/events/kmem.h).

import type { Shell } from './shell.js';

const tracing = '/sys/kernel/tracing';

/** The size of the trace buffer in KiB per CPU: many times what a scenario with the driver needs. */
const bufferKb = 8192;

/** On x86-64 the kernel loads modules above this address (Documentation/arch/x86/x86_64/mm.rst). */
const firstModuleAddress = '0xffffffffa0000000';

const allocations = '/run/driver-allocations';

/** How often the trace is read again: memory that is freed after a grace period is freed a moment later. */
const attempts = 20;

/** Starts tracing the allocations of modules, and everything that is freed. */
export const beginMemoryTrace = async (shell: Pick<Shell, 'text'>): Promise<void> => {
  await shell.text(`
    [ -e ${tracing}/trace ] || mount -t tracefs tracefs ${tracing}
    cd ${tracing} && echo 0 >tracing_on && echo ${bufferKb} >buffer_size_kb && echo >trace
    if [ "$(uname -m)" = x86_64 ]; then echo "call_site >= ${firstModuleAddress}" >events/kmem/kmalloc/filter; fi
    echo 1 >events/kmem/kmalloc/enable && echo 1 >events/kmem/kfree/enable && echo 1 >tracing_on`);
};

/**
 * Records what the driver's modules have allocated so far. Call it while they are still loaded: afterwards
 * their symbols are gone.
 */
export const noteAllocations = async (
  shell: Pick<Shell, 'text'>,
  modules: readonly string[],
): Promise<void> => {
  const callers = modules.map((name) => `\\[${name}\\]`).join('|');
  await shell.text(
    `grep -E 'kmalloc: call_site=[^ ]+ (${callers})' ${tracing}/trace >${allocations} || true`,
  );
};

/**
 * `12.345678: kmalloc: call_site=f+0x10/0x20 [module] ptr=… bytes_req=…`. The time distinguishes an
 * allocation of the driver from a later one at the same address, which shows that the driver's was freed.
 */
const script = `
  { time = match($0, / [0-9]+\\.[0-9]+: k/) ? substr($0, RSTART, RLENGTH) : ""
    at = match($0, / ptr=[^ ]+/) ? substr($0, RSTART + 5, RLENGTH - 5) : "" }
  FILENAME == "${allocations}" { split($0, part, "call_site="); sub(/ ptr=.*/, "", part[2]); held[time at] = part[2]; next }
  / kfree: / || / kmalloc: / { delete live[at] }
  / kmalloc: / && (time at) in held { live[at] = held[time at] }
  END { for (at in live) print live[at] }`;

/**
 * Stops tracing. Resolves with the functions that allocated memory which was never freed, one for each
 * object. Call it after the driver was unloaded.
 */
export const endMemoryTrace = async (shell: Pick<Shell, 'text'>): Promise<string[]> => {
  const text = await shell.text(
    `for attempt in $(seq ${attempts}); do
      lost=$(awk '${script}' ${allocations} ${tracing}/trace)
      [ -n "$lost" ] || break
      usleep 100000
    done
    echo 0 >${tracing}/tracing_on; echo 0 >${tracing}/events/kmem/enable; echo 0 >${tracing}/events/kmem/kmalloc/filter
    echo "$lost"`,
    { what: 'what the driver has not freed' },
  );
  return text.trim() === '' ? [] : text.trim().split('\n').sort();
};
