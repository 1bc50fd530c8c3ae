// Memory that the driver allocates and never frees, from the kernel's own trace events, which ordinary kernels
// have, too (include/trace/events/kmem.h).

import type { Shell } from './shell.js';

const tracing = '/sys/kernel/tracing';

/** KiB for each CPU: many times what a life of the driver writes. */
const bufferKb = 8192;

/** Of x86-64: the kernel puts modules from here on (Documentation/arch/x86/x86_64/mm.rst). */
const firstModuleAddress = '0xffffffffa0000000';

const allocations = '/run/driver-allocations';

/** How often the trace is looked at again: what is freed after a grace period comes a moment later. */
const attempts = 20;

/** From now on the allocations of modules, and all that is freed, are traced. */
export const beginMemoryTrace = async (shell: Pick<Shell, 'text'>): Promise<void> => {
  await shell.text(`
    [ -e ${tracing}/trace ] || mount -t tracefs tracefs ${tracing}
    cd ${tracing} && echo 0 >tracing_on && echo ${bufferKb} >buffer_size_kb && echo >trace
    if [ "$(uname -m)" = x86_64 ]; then echo "call_site >= ${firstModuleAddress}" >events/kmem/kmalloc/filter; fi
    echo 1 >events/kmem/kmalloc/enable && echo 1 >events/kmem/kfree/enable && echo 1 >tracing_on`);
};

/**
 * Notes what the driver's modules have allocated so far, while they are still loaded: afterwards their symbols
 * are gone.
 */
export const noteAllocations = async (
  shell: Pick<Shell, 'text'>,
  modules: readonly string[],
): Promise<void> => {
  const ours = modules.map((name) => `\\[${name}\\]`).join('|');
  await shell.text(`grep -E 'kmalloc: call_site=[^ ]+ (${ours})' ${tracing}/trace >${allocations} || true`);
};

/**
 * `12.345678: kmalloc: call_site=f+0x10/0x20 [module] ptr=… bytes_req=…`: the time tells an allocation of the
 * driver from a later one of somebody else at the same address, which shows that the driver's was freed.
 */
const script = `
  { time = match($0, / [0-9]+\\.[0-9]+: k/) ? substr($0, RSTART, RLENGTH) : ""
    at = match($0, / ptr=[^ ]+/) ? substr($0, RSTART + 5, RLENGTH - 5) : "" }
  FILENAME == "${allocations}" { split($0, part, "call_site="); sub(/ ptr=.*/, "", part[2]); held[time at] = part[2]; next }
  / kfree: / || / kmalloc: / { delete live[at] }
  / kmalloc: / && (time at) in held { live[at] = held[time at] }
  END { for (at in live) print live[at] }`;

/**
 * Where the driver has allocated what nobody has freed since: functions, one for each object. To be called when
 * the driver is gone.
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
