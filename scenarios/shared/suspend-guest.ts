// Suspends a guest to memory (ACPI S3) and wakes it up again.

import { consoleSuspend } from '../../harness/guest/console-in-sleep.js';
import type { Vm } from '../../harness/scenario/vm.js';

/** Upper bound, many times the usual duration even under TCG on a busy host. */
const limitMs = 15_000;

/**
 * Resolves when the guest is awake and responds. Runs `asleep` while it sleeps. Rejects with QMP_TIMEOUT or
 * GUEST_TIMEOUT.
 */
export const suspendGuest = async (
  { machine, shell, console }: Vm,
  asleep = async () => {},
): Promise<void> => {
  const { qmp } = machine;
  await shell.output(['write-file', consoleSuspend, 'N']);
  // The guard below reports a guest that does not go to sleep, which is not a fault of QEMU.
  const sleeps = qmp.waitEvent('SUSPEND', { ms: 2 * limitMs });
  sleeps.catch(() => {});
  const command = shell.output(['write-file', '/sys/power/state', 'mem'], { what: 'waking up' });
  // The race below throws whichever error comes first; this avoids an unhandled rejection of the other one.
  command.catch(() => {});
  await console.guard(Promise.race([sleeps, command.then(() => sleeps)]), {
    what: 'suspend',
    timeoutMs: limitMs,
  });
  await asleep();
  await qmp.execute('system_wakeup');
  await command;
};
