// Runs test files in processes of their own.
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { packageRoot } from '../../images/asset.js';
import { endGroup } from '../worker/end-group.js';
import { startWorker } from '../worker/start-worker.js';

/** How files are spread over processes; what they print is in the order in which they end. */
export type Spread =
  /** In so many processes, each of which loads its part as one program. */
  | { readonly together: number }
  /** In so many processes, each of which takes the next file when it is done with one: what loading costs is paid once in each. */
  | { readonly workers: number }
  /** Each in its own, so many at once. */
  | { readonly apart: number };

export interface RunFilesOptions {
  readonly spread: Spread;
  /** Variables beyond those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets each line of the TAP that they print. */
  readonly onLine?: (line: string) => void;
  /** Ends the run, and everything that it has started. */
  readonly signal?: AbortSignal;
}

/** The end of what TAP says of one test, unless it is part of another one. */
const topLevel = /^(?:not )?ok /;

/** Hands the lines on, those of one test in one piece: other processes print too. Resolves with what is no whole test at the end. */
const relay = async (stream: Readable | null, onLine: (line: string) => void): Promise<string[]> => {
  let block: string[] = [];
  if (stream === null) return block;
  for await (const line of createInterface({ input: stream })) {
    block.push(line);
    if (!topLevel.test(line)) continue;
    block.forEach(onLine);
    block = [];
  }
  return block;
};

const ignore = (): void => {};

/** The status of one process that gets all files at once. */
const runAtOnce = async (
  files: readonly string[],
  mode: string,
  { env, signal, onLine = ignore }: RunFilesOptions,
): Promise<number> => {
  const runner = join(import.meta.dirname, 'run-tests.js');
  const child = execa(process.execPath, ['--enable-source-maps', runner, mode], {
    cwd: packageRoot(),
    stdio: ['pipe', 'pipe', 'inherit'],
    buffer: false,
    reject: false,
    // A process group of its own, to be ended as a whole: the runner's own processes would not go with it.
    detached: signal !== undefined,
    ...(env && { env }),
  });
  const end = (): void => endGroup(child.pid);
  signal?.addEventListener('abort', end);
  const ended = child.finally(() => signal?.removeEventListener('abort', end));
  // One that is gone does not read the rest: its status tells.
  child.stdin.on('error', () => {});
  child.stdin.end(files.join('\n'));
  (await relay(child.stdout, onLine)).forEach(onLine);
  return (await ended).exitCode ?? 1;
};

/** Runs files of `queue` in one process until there are no more, or until the process ends; 0 when all passed. */
const runWorker = async (
  queue: string[],
  { env, signal, onLine = ignore }: RunFilesOptions,
): Promise<number> => {
  const detached = signal !== undefined;
  const worker = startWorker({ stdout: 'pipe', stderr: 'inherit', env, signal, detached });
  const relayed = relay(worker.stdout, onLine);
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

/** Every so many-th file: neighbours in the list are often alike. */
const share = (files: readonly string[], part: number, of: number): string[] =>
  files.filter((_, index) => index % of === part);

const startAll = (files: readonly string[], options: RunFilesOptions): Promise<number>[] => {
  const { spread } = options;
  if ('apart' in spread) return [runAtOnce(files, String(spread.apart), options)];
  const most = 'together' in spread ? spread.together : spread.workers;
  const processes = Array.from({ length: Math.min(most, files.length) }, (_, index) => index);
  if ('together' in spread)
    return processes.map((part) => runAtOnce(share(files, part, processes.length), 'together', options));
  const queue = [...files];
  return processes.map(() => keepWorking(queue, options));
};

/** Resolves with the exit status when all files have run: 0 when all passed. Rejects when `signal` ended it, and then all is gone. */
export const runFiles = async (files: readonly string[], options: RunFilesOptions): Promise<number> => {
  const { signal } = options;
  signal?.throwIfAborted();
  const status = Math.max(...(await Promise.all(startAll(files, options))));
  signal?.throwIfAborted();
  return status;
};
