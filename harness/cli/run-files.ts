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

/** Resolves with the exit status when all files have run: 0 when all passed. Rejects when `signal` ended it. */
export const runFiles = async (
  files: readonly string[],
  { mode, env, onLine, signal }: RunFilesOptions,
): Promise<number> => {
  const runner = join(import.meta.dirname, 'run-tests.js');
  const child = execa(process.execPath, ['--enable-source-maps', runner, String(mode)], {
    cwd: packageRoot(),
    input: files.join('\n'),
    stderr: 'inherit',
    buffer: false,
    reject: false,
    ...(env && { env }),
    ...(signal && { cancelSignal: signal }),
  });
  for await (const line of createInterface({ input: child.stdout })) onLine?.(line);
  const { exitCode, isCanceled } = await child;
  if (isCanceled) signal?.throwIfAborted();
  return exitCode ?? 1;
};
