// Raw mode of the user's terminal, which is taken back however the process ends. By stty(1): `setRawMode` of Node leaves the output with a
// carriage return in front of each newline (libuv, uv_tty_set_mode), which breaks what full-screen programs of the guest draw.

import { spawnSync } from 'node:child_process';

export interface RawMode {
  /** Runs `step`, which prints lines as to any terminal. Keys stay as they are. */
  printing<T>(step: () => Promise<T>): Promise<T>;
  /** Takes the mode back for good. */
  end(): void;
}

/** Of the terminal that is standard input. One that is gone meanwhile has no settings to be taken back. */
const stty = (...settings: string[]): string =>
  spawnSync('stty', settings, { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'utf8' }).stdout ?? '';

/** Every key of standard input goes to the reader at once and as it is, also Ctrl-C; and output to the terminal as it is. */
export const rawMode = (): RawMode => {
  const before = stty('-g').trim();
  const end = (): void => {
    stty(before);
    process.off('exit', end);
  };
  // Also on an error that nobody catches, and at the second signal.
  process.on('exit', end);
  stty('raw', '-echo');
  return {
    printing: async (step) => {
      stty('opost');
      try {
        return await step();
      } finally {
        stty('-opost');
      }
    },
    end,
  };
};
