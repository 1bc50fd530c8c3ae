// Runs a command in the process of a test and captures what it writes, where no separate process is needed.

import type { Test } from 'tap';

export interface Captured {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `run`, and resolves with the exit status that it returns and the text that it wrote. */
export const captured = async (t: Test, run: () => Promise<number>): Promise<Captured> => {
  const out = t.capture(process.stdout, 'write', () => true);
  const err = t.capture(process.stderr, 'write', () => true);
  try {
    const status = await run();
    const text = (capture: typeof out): string =>
      capture()
        .map(({ args: [chunk] }) => String(chunk))
        .join('');
    return { status, out: text(out), err: text(err) };
  } finally {
    out.restore();
    err.restore();
  }
};
