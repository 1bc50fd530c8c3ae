// Steps of the guest's wall clock, as the kernel tells programs of them.

import { matchText } from './guest-text.js';
import type { Commands } from './shell.js';

const file = '/run/clock-steps';

/** The output of `clock-steps`: the steps, in nanoseconds. GUEST_READ for any other text. */
export const parseClockSteps = (text: string): bigint[] => {
  const [first, ...steps] = text.split('\n');
  matchText('clock-steps', 'watching', /^watching$/, first);
  return steps.flatMap((step) => matchText('clock-steps', 'nanoseconds', /^(-?\d{1,19})$/, step)).map(BigInt);
};

/**
 * Counts from now on. The function that it resolves with gives the steps since then, in nanoseconds, and
 * ends the count. A sleep of the guest may count as a step. One count at a time.
 */
export const countClockSteps = async (shell: Commands): Promise<() => Promise<bigint[]>> => {
  await shell.text(
    `rm -f ${file}; (clock-steps >${file} 2>&1 & echo $! >${file}.pid); until [ -s ${file} ]; do usleep 1000; done`,
    { what: 'a program that counts steps of the clock' },
  );
  return async () => parseClockSteps(await shell.text(`kill "$(cat ${file}.pid)"; cat ${file}`));
};
