// A guest that is suspended to memory (ACPI S3), and woken up again.

import type { Vm } from './vm.js';

/** Many times what it takes, also under TCG on a busy host. */
const limitMs = 15_000;

/** Resolves when the guest has woken up and answers. `asleep` is run while it sleeps. QMP_TIMEOUT, GUEST_TIMEOUT. */
export const suspendGuest = async (
  { machine, shell, console }: Vm,
  asleep = async () => {},
): Promise<void> => {
  const { qmp } = machine;
  const sleeps = qmp.waitEvent('SUSPEND', { ms: limitMs });
  const command = shell.output(['write-file', '/sys/power/state', 'mem'], { what: 'waking up' });
  // Whichever fails first is what the caller gets.
  command.catch(() => {});
  await console.guard(Promise.race([sleeps, command.then(() => sleeps)]), {
    what: 'suspend',
    timeoutMs: limitMs,
  });
  await asleep();
  await qmp.execute('system_wakeup');
  await command;
};
