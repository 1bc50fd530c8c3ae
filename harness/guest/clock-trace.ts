// The times to which the guest's clock is set, from a trace event at the function of the kernel that sets it.

import { matchText } from './guest-text.js';
import type { Shell } from './shell.js';

const tracing = '/sys/kernel/tracing';
const event = 'vmmci/set_time';

/**
 * From now on each call of do_settimeofday64() is traced. On 32-bit kernels, only the lower half of the
 * nanoseconds in its timespec64 is set.
 */
export const beginClockTrace = async (shell: Pick<Shell, 'text'>): Promise<void> => {
  await shell.text(`
    [ -e ${tracing}/trace ] || mount -t tracefs tracefs ${tracing}
    cd ${tracing} && echo >trace
    echo 'p:${event} do_settimeofday64 seconds=+0($arg1):s64 nanoseconds=+8($arg1):s32' >kprobe_events
    echo 1 >events/${event}/enable && echo 1 >tracing_on`);
};

const form = /^(\d{1,12}) (\d{1,9})$/;

/** Parses the lines `SECONDS NANOSECONDS`. Throws GUEST_READ for any other text. */
export const parseSetTimes = (text: string): bigint[] =>
  text === ''
    ? []
    : text.split('\n').map((line) => {
        const [seconds = '', nanoseconds = ''] = matchText('trace of the clock', 'two numbers', form, line);
        return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
      });

/**
 * The times to which the clock has been set since, in nanoseconds since 1970, oldest first. Ends the trace.
 */
export const endClockTrace = async (shell: Pick<Shell, 'text'>): Promise<bigint[]> => {
  const text = await shell.text(
    `cd ${tracing} && echo 0 >events/${event}/enable
    sed -n 's/.* set_time: .* seconds=\\([0-9]*\\) nanoseconds=\\([0-9]*\\)$/\\1 \\2/p' trace
    echo >kprobe_events`,
    { what: "the times to which the guest's clock was set" },
  );
  return parseSetTimes(text);
};
