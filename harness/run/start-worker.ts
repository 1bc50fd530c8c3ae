// Starts a process that runs one test file after the other: what loading the harness costs, about a second of CPU, is paid once.
import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { packageRoot } from '../../images/asset.js';
import type { Choice } from './choice.js';
import { endGroup } from './end-group.js';

export interface WorkerOptions {
  /** To be read from `stdout`, or a descriptor of this process. */
  readonly stdout: 'pipe' | number;
  /** Ours, or a descriptor of this process. */
  readonly stderr: 'inherit' | number;
  /** What scenarios in it are to use; the default when it runs none. */
  readonly choice?: Choice | undefined;
  /** Variables beyond those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Ends it at once. */
  readonly signal?: AbortSignal | undefined;
  /** It leads a session of its own: Ctrl-C reaches us first, and whoever ends it ends all that it has started. */
  readonly detached: boolean;
}

/** How the tests of one file ended, or the process. */
export interface End {
  readonly ok: boolean;
  /** `status 1`, `SIGKILL` */
  readonly how: string;
  /** The process goes on, and takes another file. */
  readonly isAlive: boolean;
}

export interface Worker {
  /** What it prints, if that is a pipe. */
  readonly stdout: Readable | null;
  /**
   * Runs one file, which is loaded once in a process, never again. Resolves when its tests are over, or when the process is gone,
   * which in the middle of a file is never well.
   */
  run(file: string): Promise<End>;
  /** There are no more files; resolves when the process is gone. What it was told to run before is done first. */
  end(): Promise<End>;
  /** Ends it at once. */
  kill(): void;
}

/**
 * Stacks that name the TypeScript source, and 4 MiB for young objects where V8 would take 16: a process that has run twenty scenarios holds
 * 25 MiB less, and is no slower for it.
 */
const nodeOptions = ['--enable-source-maps', '--max-semi-space-size=4'];

/** It cannot outlive this process: the kernel ends it when we die. */
export const startWorker = ({ stdout, stderr, choice, env, signal, detached }: WorkerOptions): Worker => {
  const program = join(import.meta.dirname, 'run-one-by-one.js');
  const argv = ['--pdeathsig', 'KILL', '--', process.execPath, ...nodeOptions, program];
  if (choice !== undefined) argv.push(JSON.stringify(choice));
  const child = spawn('setpriv', argv, {
    cwd: packageRoot(),
    stdio: ['pipe', stdout, stderr, 'pipe'],
    detached,
    env: { ...process.env, ...env },
  });
  let isGone = false;
  const kill = (): void => {
    if (isGone) return;
    if (detached) endGroup(child.pid);
    else child.kill('SIGKILL');
  };
  // Each of many workers listens, which Node would take for a leak.
  if (signal) setMaxListeners(0, signal);
  signal?.addEventListener('abort', kill);
  if (signal?.aborted) kill();
  // One that is gone does not read the rest: how it ended is told below.
  child.stdin?.on('error', () => {});
  const gone = new Promise<End>((resolve) => {
    const leave = (ok: boolean, how: string): void => {
      isGone = true;
      signal?.removeEventListener('abort', kill);
      resolve({ ok, how, isAlive: false });
    };
    child.once('error', ({ message }) => leave(false, message));
    // Not until its streams end: what it has started may hold them open.
    child.once('exit', (status, by) => leave(status === 0, by ?? `status ${status}`));
  });
  let told = (_status: number): void => {};
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => told(Number(line)));
  return {
    stdout: child.stdout,
    run: (file) => {
      const over = new Promise<End>((resolve) => {
        told = (status) => resolve({ ok: status === 0, how: `status ${status}`, isAlive: true });
      });
      child.stdin?.write(`${file}\n`);
      return Promise.race([over, gone.then((end) => ({ ...end, ok: false }))]);
    },
    end: () => {
      child.stdin?.end();
      return gone;
    },
    kill,
  };
};
