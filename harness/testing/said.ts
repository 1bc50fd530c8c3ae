// Runs a command within a test's process, and gives what it writes: for what needs no process of its own.

import type { Test } from 'tap';

export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export const said = async (t: Test, run: () => Promise<number>): Promise<Said> => {
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
