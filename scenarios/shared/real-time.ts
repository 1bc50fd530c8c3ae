// Lets the guest's agent, which loads and unloads modules itself, run with a real-time priority. On one CPU,
// work that is queued meanwhile starts only when the agent sleeps.

import type { Programs } from '../../harness/guest/shell.js';

/** Runs `step` so, by a module: the scenario needs the option `helpers`. Rejects with GUEST_COMMAND. */
export const inRealTime = async (
  shell: Pick<Programs, 'output'>,
  step: () => Promise<unknown>,
): Promise<void> => {
  await shell.output(['load', 'real_time']);
  await step();
  await shell.output(['unload', 'real_time']);
};
