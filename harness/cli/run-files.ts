// Runs test files in processes of their own.
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { packageRoot } from '../../images/asset.js';

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

/** Starts the program that runs tests, and ends it with all that it has started when `signal` says so. */
const startRunner = (mode: string, { env, signal }: RunFilesOptions) => {
  const runner = join(import.meta.dirname, 'run-tests.js');
  const child = execa(process.execPath, ['--enable-source-maps', runner, mode], {
    cwd: packageRoot(),
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
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
  // One that is gone does not read the rest: how it ended is told below.
  child.stdin.on('error', () => {});
  const ended = child.finally(() => signal?.removeEventListener('abort', end));
  return { child, ended };
};

/** The end of what TAP says of one test, unless it is part of another one. */
const topLevel = /^(?:not )?ok /;

/** Hands the lines on, those of one test in one piece: other processes print too. Resolves with what is no whole test at the end. */
const relay = async (stream: Readable, onLine: (line: string) => void): Promise<string[]> => {
  let block: string[] = [];
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
  options: RunFilesOptions,
): Promise<number> => {
  const { onLine = ignore } = options;
  const { child, ended } = startRunner(mode, options);
  child.stdin.end(files.join('\n'));
  (await relay(child.stdout, onLine)).forEach(onLine);
  return (await ended).exitCode ?? 1;
};

/** Runs files of `queue` in one process until there are no more, or until the process ends; its status. */
const runWorker = async (queue: string[], options: RunFilesOptions): Promise<number> => {
  const { onLine = ignore } = options;
  const { child, ended } = startRunner('one-by-one', options);
  let current: string | undefined;
  const next = (): void => {
    current = queue.shift();
    if (current === undefined) child.stdin.end();
    else child.stdin.write(`${current}\n`);
  };
  const over = child.stdio[3] as Readable;
  over.on('data', next);
  next();
  const rest = await relay(child.stdout, onLine);
  const { exitCode, signal } = await ended;
  if (current !== undefined && !options.signal?.aborted) {
    rest.forEach(onLine);
    const how = exitCode === undefined ? `by ${signal}` : `with status ${exitCode}`;
    onLine(`not ok 1 - ${basename(current, '.js')}: its process ended ${how} in the middle of it`);
    return 1;
  }
  return exitCode ?? 1;
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
