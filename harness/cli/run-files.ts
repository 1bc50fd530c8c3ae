// Runs test files in processes of their own.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { packageRoot } from '../../images/asset.js';

export interface RunFilesOptions {
  /** `together`: one after the other in one process. A number: each in its own, so many at once. */
  readonly mode: 'together' | number;
  /** Variables beyond those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets each line of the TAP that they print. */
  readonly onLine?: (line: string) => void;
  /** Ends the run, and everything that it has started. */
  readonly signal?: AbortSignal;
}

/** Resolves with the exit status when all files have run: 0 when all passed. Rejects when `signal` ended it, and then all is gone. */
export const runFiles = async (
  files: readonly string[],
  { mode, env, onLine, signal }: RunFilesOptions,
): Promise<number> => {
  signal?.throwIfAborted();
  const runner = join(import.meta.dirname, 'run-tests.js');
  const child = execa(process.execPath, ['--enable-source-maps', runner, String(mode)], {
    cwd: packageRoot(),
    input: files.join('\n'),
    stderr: 'inherit',
    buffer: false,
    reject: false,
    // A process group of its own, to be ended as a whole: the runner's own processes would not go with it.
    detached: signal !== undefined,
    ...(env && { env }),
  });
  const end = (): void => {
    if (child.pid === undefined || child.exitCode !== null) return;
    process.kill(-child.pid, 'SIGKILL');
  };
  signal?.addEventListener('abort', end);
  try {
    for await (const line of createInterface({ input: child.stdout })) onLine?.(line);
    const { exitCode } = await child;
    signal?.throwIfAborted();
    return exitCode ?? 1;
  } finally {
    signal?.removeEventListener('abort', end);
  }
};
