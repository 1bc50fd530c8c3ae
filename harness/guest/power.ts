// How a guest goes down: the programs that the kernel starts for it.

import type { Commands } from './shell.js';

const note = '/run/power-requests';

/** What /sbin/reboot and /sbin/poweroff are from then on: the kernel starts them with nothing open. */
const program = `#!/bin/sh
exec </dev/null >>${note} 2>&1
echo "\${0##*/}"
`;

/** From now on the guest only notes that it was told to go down, and stays up. */
export const refuseToGoDown = async (shell: Commands): Promise<void> => {
  await shell.text(
    `rm -f /sbin/reboot /sbin/poweroff && cat >/sbin/reboot <<'END'\n${program}END\n` +
      `chmod 755 /sbin/reboot && ln -s reboot /sbin/poweroff && : >${note}`,
  );
};

/** What was noted so far, the oldest first, once there are `least` of them: \`reboot\`, \`poweroff\`. GUEST_TIMEOUT. */
export const powerRequests = async (shell: Commands, least = 0): Promise<string[]> => {
  const text = await shell.text(
    `until [ "$(wc -l <${note})" -ge ${least} ]; do usleep 5000; done; cat ${note}`,
    {
      what: `${least} requests to go down`,
      timeoutMs: 5000,
    },
  );
  return text === '' ? [] : text.split('\n');
};

/** Lets the guest go down on its own account, once it has answered this. */
export const goDown = async (shell: Commands, how: 'reboot' | 'poweroff'): Promise<void> => {
  // The agent removes its file when the answer is out, and answers when the command is over.
  await shell.text(
    `echo going; (while [ -e /run/agent/$nonce.out ]; do usleep 5000; done; exec /sbin/${how}) >/dev/null 2>&1 &`,
  );
};
