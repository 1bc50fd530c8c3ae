// Controls how a guest powers off or reboots: through the programs that the kernel starts for it.

import { matchText } from './guest-text.js';
import type { Commands, Programs } from './shell.js';

/** From now on the guest only records requests to reboot or power off, and keeps running. */
export const recordPowerRequests = async (shell: Programs): Promise<void> => {
  await shell.output(['power-requests', 'record']);
};

/**
 * Waits until at least `minimum` requests are recorded, and returns all of them, oldest first: `reboot`,
 * `poweroff`. Rejects with GUEST_TIMEOUT or GUEST_READ.
 */
export const powerRequests = async (shell: Programs, minimum = 0): Promise<string[]> => {
  const text = await shell.output(['power-requests', 'wait', String(minimum)], {
    what: minimum === 1 ? 'request to go down' : `${minimum} requests to go down`,
    timeoutMs: 5000,
  });
  const requests = text === '' ? [] : text.split('\n');
  return requests.flatMap((line) =>
    matchText('power requests', 'reboot or poweroff', /^(reboot|poweroff)$/, line),
  );
};

const programs = {
  reboot: '/sbin/reboot',
  /** As the kernel does it for Ctrl-Alt-Del. */
  interrupt: '/bin/busybox kill -INT 1',
  poweroff: '/sbin/poweroff',
  halt: '/bin/busybox halt -f',
} as const;

/** Makes the guest go down by itself, after it has answered this command. */
export const powerDown = async (shell: Commands, how: keyof typeof programs): Promise<void> => {
  // The agent answers when the command has ended, and then removes its output file.
  await shell.text(
    `echo going; (while [ -e /run/agent/$nonce.out ]; do usleep 5000; done; exec ${programs[how]}) >/dev/null 2>&1 &`,
  );
};
