// Runs test files in processes of their own.
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Choice } from './choice.js';
import { startWorker } from './start-worker.js';

export interface RunFilesOptions {
  /** So many processes, each of which takes the next file when it is done with one: what loading costs is paid once in each. */
  readonly workers: number;
  /** What scenarios are to use. */
  readonly choice?: Choice;
  /** Variables beyond those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets each line of the TAP that they print. */
  readonly onLine?: (line: string) => void;
  /** Ends the run, and everything that it has started. */
  readonly signal?: AbortSignal;
}

/** The end of what TAP says of one test, unless it is part of another one. */
const topLevel = /^(?:not )?ok /;

/** Hands the lines on, those of one test in one piece where other processes print too. Returns trailing incomplete lines. */
const relay = async (
  stream: Readable | null,
  isAlone: boolean,
  onLine: (line: string) => void,
): Promise<string[]> => {
  let block: string[] = [];
  if (stream === null) return block;
  for await (const line of createInterface({ input: stream })) {
    if (isAlone) {
      onLine(line);
      continue;
    }
    block.push(line);
    if (!topLevel.test(line)) continue;
    block.forEach(onLine);
    block = [];
  }
  return block;
};

/** Runs files of `queue` in one process until there are no more, or until the process ends; 0 when all passed. */
const runWorker = async (
  queue: string[],
  { workers, choice, env, signal, onLine = () => {} }: RunFilesOptions,
): Promise<number> => {
  const detached = signal !== undefined;
  const worker = startWorker({ stdout: 'pipe', stderr: 'inherit', choice, env, signal, detached });
  const relayed = relay(worker.stdout, workers === 1, onLine);
  let passed = true;
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const { ok, how, isAlive } = await worker.run(file);
    passed &&= ok;
    if (isAlive) continue;
    if (signal?.aborted) return 1;
    (await relayed).forEach(onLine);
    onLine(`not ok 1 - ${basename(file, '.js')}: its process ended (${how}) in the middle of it`);
    return 1;
  }
  const { ok } = await worker.end();
  await relayed;
  return ok && passed ? 0 : 1;
};

/** One that ends too early is replaced: what is left in the queue runs all the same. */
const keepWorking = async (queue: string[], options: RunFilesOptions): Promise<number> => {
  let status = 0;
  while (queue.length > 0 && !options.signal?.aborted)
    status = Math.max(status, await runWorker(queue, options));
  return status;
};

/** Resolves with the exit status when all files have run: 0 when all passed. Rejects when `signal` ended it, and then all is gone. */
export const runFiles = async (files: readonly string[], options: RunFilesOptions): Promise<number> => {
  const { signal, workers } = options;
  signal?.throwIfAborted();
  const queue = [...files];
  const started = Array.from({ length: Math.min(workers, files.length) }, () => keepWorking(queue, options));
  const status = Math.max(...(await Promise.all(started)));
  signal?.throwIfAborted();
  return status;
};
