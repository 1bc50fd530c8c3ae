// Raw mode of the user's terminal, which is restored however the process ends. It uses stty(1), because
// `setRawMode` of Node still writes a carriage return before each newline (libuv, uv_tty_set_mode), which
// breaks full-screen programs.

import { spawnSync } from 'node:child_process';

export interface RawMode {
  /** Runs `step`, which may print ordinary lines. The keys stay in raw mode. */
  printing<T>(step: () => Promise<T>): Promise<T>;
  /** Restores the mode that the terminal had before. */
  end(): void;
}

/**
 * Runs stty on standard input. Ignores its errors: a terminal that has been closed has no settings to
 * restore.
 */
const stty = (...settings: string[]): string =>
  spawnSync('stty', settings, { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'utf8' }).stdout ?? '';

/**
 * Passes every key of standard input to the reader at once, also Ctrl-C, and output to the terminal
 * unchanged.
 */
export const rawMode = (): RawMode => {
  const before = stty('-g').trim();
  const end = (): void => {
    stty(before);
    process.off('exit', end);
  };
  // Also after an uncaught error, and at the second signal.
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
