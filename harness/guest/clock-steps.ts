// Counts steps of the guest's wall clock, as the kernel reports them to programs.

import { matchText } from './guest-text.js';
import type { Commands } from './shell.js';

const file = '/run/clock-steps';

/** Parses the output of `clock-steps`: the steps in nanoseconds. Throws GUEST_READ for other text. */
export const parseClockSteps = (text: string): bigint[] => {
  const [first, ...steps] = text.split('\n');
  matchText('clock-steps', 'watching', /^watching$/, first);
  return steps.flatMap((step) => matchText('clock-steps', 'nanoseconds', /^(-?\d{1,19})$/, step)).map(BigInt);
};

/**
 * Starts counting. Resolves with a function that stops the count and resolves with the steps since then, in
 * nanoseconds. A sleep of the guest may count as a step. Only one count at a time is possible.
 */
export const countClockSteps = async (shell: Commands): Promise<() => Promise<bigint[]>> => {
  await shell.text(
    `rm -f ${file}; (clock-steps >${file} 2>&1 & echo $! >${file}.pid); until [ -s ${file} ]; do usleep 1000; done`,
    { what: 'a program that counts steps of the clock' },
  );
  return async () => parseClockSteps(await shell.text(`kill "$(cat ${file}.pid)"; cat ${file}`));
};
