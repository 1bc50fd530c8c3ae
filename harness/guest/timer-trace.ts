// The delays of delayed work items, from the kernel's own trace events, which ordinary kernels have, too
// (include/trace/events/timer.h).

import { matchText } from './guest-text.js';
import type { Shell } from './shell.js';

const tracing = '/sys/kernel/tracing';

/** A timer that was started for a delayed work item. */
export interface DelayedWork {
  /** Ticks of the kernel (CONFIG_HZ a second). */
  readonly ticks: number;
  /** True if the timer does not wake an idle processor. */
  readonly deferrable: boolean;
}

const form = /^(-?\d{1,20}) (\S*)$/;

/** Parses the lines `TIMEOUT FLAGS`. Throws GUEST_READ for any other text. */
export const parseDelayedWork = (text: string): DelayedWork[] =>
  text === ''
    ? []
    : text.split('\n').map((line) => {
        const [ticks = '', flags = ''] = matchText('trace of timers', 'ticks and flags', form, line);
        return { ticks: Number(ticks), deferrable: flags.includes('D') };
      });

/**
 * The delayed work items that are queued while `step` runs: those of the driver, and some of the kernel's
 * own.
 */
export const delayedWorkIn = async (
  shell: Pick<Shell, 'text'>,
  step: () => Promise<unknown>,
): Promise<DelayedWork[]> => {
  await shell.text(`
    [ -e ${tracing}/trace ] || mount -t tracefs tracefs ${tracing}
    cd ${tracing} && echo >trace && echo 1 >events/timer/timer_start/enable && echo 1 >tracing_on`);
  await step();
  const text = await shell.text(
    `cd ${tracing} && echo 0 >tracing_on && echo 0 >events/timer/timer_start/enable
    sed -n 's/.* function=delayed_work_timer_fn .*\\[timeout=\\(-*[0-9]*\\)\\].* flags=\\(.*\\)$/\\1 \\2/p' trace`,
    { what: 'the timers that were started' },
  );
  return parseDelayedWork(text);
};
