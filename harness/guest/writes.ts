// Files that a guest writes to its data disk, and what it was told of them: what is acknowledged must be there later.

import { quoteWord } from './quote.js';
import type { Commands } from './shell.js';

const blocks = 16;
const blockSize = 64 * 1024;

/** Bytes of each file that `writeFile` makes. */
export const fileSize = blocks * blockSize;

/** New in each run, and no two blocks alike. All of it from the kernel's random numbers would take a second under TCG. */
const source = `(head -c 4096 /dev/urandom; cat /bin/busybox) | head -c ${fileSize}`;

/**
 * Writes a file on /mnt and resolves with its SHA-256, in hexadecimal digits. The guest has acknowledged it
 * then, to its program (`plain`), or with fsync(2) (`synced`). GUEST_COMMAND.
 */
export const writeFile = async (shell: Commands, name: string, how: 'plain' | 'synced'): Promise<string> => {
  const path = quoteWord(`/mnt/${name}`);
  const sync = how === 'synced' ? ' conv=fsync' : '';
  // The sum is of what went into the file, not of what a read of it says.
  const answer = await shell.text(
    `${source} >/tmp/source && ` +
      `dd if=/tmp/source of=${path} bs=${blockSize}${sync} 2>/tmp/dd || { cat /tmp/dd >&2; exit 1; }; ` +
      'sha256sum </tmp/source; rm /tmp/source',
    { what: `a file written to ${path}`, timeoutMs: 30_000 },
  );
  return answer.split(' ')[0] ?? '';
};

export interface Records {
  /** Number of the last record that was acknowledged, once there are `least` of them. GUEST_TIMEOUT. */
  acknowledged(least: number): Promise<number>;
}

const acknowledged = '/run/acknowledged';

/** Starts a program that appends the numbers from 1 on to a file on /mnt, a line each, until the end; `synced`: each with fsync(2). */
export const startWriting = async (
  shell: Commands,
  name: string,
  how: 'plain' | 'synced',
): Promise<Records> => {
  const path = quoteWord(`/mnt/${name}`);
  const write =
    how === 'synced'
      ? `echo $i | dd of=${path} oflag=append conv=notrunc,fsync 2>/dev/null`
      : `echo $i >>${path}`;
  await shell.text(
    `: >${acknowledged}; (i=1; while ${write}; do echo $i >>${acknowledged}; i=$((i + 1)); done) </dev/null >/dev/null 2>&1 &`,
  );
  return {
    acknowledged: async (least) =>
      Number(
        await shell.text(
          `until [ "$(wc -l <${acknowledged})" -ge ${least} ]; do usleep 5000; done; wc -l <${acknowledged}`,
          { what: `${least} records acknowledged`, timeoutMs: 30_000 },
        ),
      ),
  };
};
