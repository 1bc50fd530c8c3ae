// Runs test files in worker processes.

import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Choice } from './choice.js';
import { startWorker } from './start-worker.js';

export interface RunFilesOptions {
  /**
   * The number of parallel processes. Each runs many files, so that the harness is loaded once per process.
   */
  readonly workers: number;
  /** The choice for scenarios. */
  readonly choice?: Choice;
  /** Environment variables to add to those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called with each line of TAP output. */
  readonly onLine?: (line: string) => void;
  /** Called with the name of each file that failed. */
  readonly onFailed?: (name: string) => void;
  /** Called every minute with the name of a file that runs, and for how many minutes it has. */
  readonly onSlow?: (name: string, minutes: number) => void;
  /** The descriptor that gets the standard error of the test files (default: that of this process). */
  readonly stderr?: number;
  /** Ends the run and kills all its processes. */
  readonly signal?: AbortSignal;
}

const minuteMs = 60_000;

/** The last line of a top-level test in TAP. */
const topLevel = /^(?:not )?ok /;

/**
 * Passes lines on; if other processes print too, it passes the lines of a test on together. Returns trailing
 * incomplete lines.
 */
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

/**
 * Runs files of `queue` in one process until the queue is empty or the process dies. Returns 0 if all passed.
 */
const runWorker = async (queue: string[], options: RunFilesOptions): Promise<number> => {
  const { workers, choice, env, signal, stderr = process.stderr.fd } = options;
  const { onLine = () => {}, onFailed = () => {}, onSlow = () => {} } = options;
  const detached = signal !== undefined;
  const worker = startWorker({ stdout: 'pipe', stderr, choice, env, signal, detached });
  const relayed = relay(worker.stdout, workers === 1, onLine);
  let passed = true;
  let before = '';
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const name = basename(file, '.js');
    let minutes = 0;
    const slow = setInterval(() => onSlow(name, ++minutes), minuteMs);
    const { ok, how, isAlive } = await worker.run(file);
    clearInterval(slow);
    passed &&= ok;
    if (!ok && !signal?.aborted) onFailed(name);
    if (isAlive) {
      before = `; ${name} ran in it before`;
      continue;
    }
    if (signal?.aborted) return 1;
    (await relayed).forEach(onLine);
    onLine(`not ok 1 - ${name}: its process exited (${how}) before the file had finished${before}`);
    return 1;
  }
  const { ok, how } = await worker.end();
  await relayed;
  // A process in which a test failed has that status anyway.
  if (!ok && passed && !signal?.aborted)
    onLine(`not ok 1 - a process exited (${how}) after it had run its files${before}`);
  return ok && passed ? 0 : 1;
};

/** Replaces a worker that dies, so that the rest of the queue still runs. */
const runQueue = async (queue: string[], options: RunFilesOptions): Promise<number> => {
  let status = 0;
  while (queue.length > 0 && !options.signal?.aborted)
    status = Math.max(status, await runWorker(queue, options));
  return status;
};

/** Resolves with 0 if all files passed, otherwise with 1. Rejects after `signal` has killed all processes. */
export const runFiles = async (files: readonly string[], options: RunFilesOptions): Promise<number> => {
  const { signal, workers } = options;
  signal?.throwIfAborted();
  const queue = [...files];
  const started = Array.from({ length: Math.min(workers, files.length) }, () => runQueue(queue, options));
  const status = Math.max(...(await Promise.all(started)));
  signal?.throwIfAborted();
  return status;
};
