// Starts a process that runs many test files, so that loading the harness, about a second of CPU, happens
// only once.

import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../images/asset.js';
import { withParent } from '../base/with-parent.js';
import type { Choice } from './choice.js';
import { killProcessGroup } from './kill-process-group.js';

export interface WorkerOptions {
  /** `pipe` to read it from `Worker.stdout`, or a descriptor of this process. */
  readonly stdout: 'pipe' | number;
  /** The standard error of this process, or a descriptor. */
  readonly stderr: 'inherit' | number;
  /** The choice for scenarios; not needed for other tests. */
  readonly choice?: Choice | undefined;
  /** Environment variables to add to those of this process, except those of test runners. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Kills the process when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Run it as the leader of a new session: Ctrl-C does not reach it, and killing it kills all its
   * descendants.
   */
  readonly detached: boolean;
}

/** The result of one test file, or of the process. */
export interface FileResult {
  readonly ok: boolean;
  /** `status 1`, `SIGKILL` */
  readonly how: string;
  /** True if the process can run another file. */
  readonly isAlive: boolean;
}

export interface Worker {
  /** Its standard output, if that is a pipe. */
  readonly stdout: Readable | null;
  /**
   * Runs one file. Resolves when its tests have finished or the process has exited; exiting in the middle of
   * a file counts as a failure. A process cannot run the same file twice, because a module is imported only
   * once.
   */
  run(file: string): Promise<FileResult>;
  /** Lets the process exit after the files that it already got; resolves when it has exited. */
  end(): Promise<FileResult>;
  /** Kills the process. */
  kill(): void;
}

/** Makes stacks name the TypeScript source. */
const sourceMaps = '--enable-source-maps';

/**
 * A young generation of 4 MiB instead of 16 saves 25 MiB in a process that has run twenty scenarios, at the
 * same speed.
 */
const scenarioOptions = [sourceMaps, '--max-semi-space-size=4'];

/**
 * Other tests allocate more and run beside no guest: with a large young generation from the start, collected
 * by one thread, those that render reports and parse traces take a sixth less CPU time.
 */
const testOptions = [
  sourceMaps,
  '--min-semi-space-size=16',
  '--max-semi-space-size=64',
  '--single-threaded-gc',
];

/**
 * True for variables that say which tests run, for how long, and how the results are printed. This process
 * may itself be a test of tap(1) or node:test. All others pass, such as NODE_OPTIONS and NODE_V8_COVERAGE:
 * they concern all processes of Node.js.
 */
const isForRunner = (name: string): boolean => /^_?TAP(_|JS|$)/.test(name) || name === 'NODE_TEST_CONTEXT';

const inherited = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForRunner(name)));

/** Starts a worker. It cannot outlive this process: the kernel kills it when this process dies. */
export const startWorker = ({ stdout, stderr, choice, env, signal, detached }: WorkerOptions): Worker => {
  const program = join(import.meta.dirname, 'worker-process.js');
  const nodeOptions = choice === undefined ? testOptions : scenarioOptions;
  const argv = [...withParent('KILL'), process.execPath, ...nodeOptions, program];
  if (choice !== undefined) argv.push(JSON.stringify(choice));
  const child = spawn('setpriv', argv, {
    cwd: packageRoot(),
    stdio: ['pipe', stdout, stderr, 'pipe'],
    detached,
    env: { ...inherited(), ...env },
  });
  let isGone = false;
  const kill = (): void => {
    if (isGone) return;
    if (detached) killProcessGroup(child.pid);
    else child.kill('SIGKILL');
  };
  // Many workers listen on the same signal, which Node.js would report as a leak.
  if (signal) setMaxListeners(0, signal);
  signal?.addEventListener('abort', kill);
  if (signal?.aborted) kill();
  // A dead worker cannot read its input; `exited` reports how it ended.
  child.stdin?.on('error', () => {});
  const exited = new Promise<FileResult>((resolve) => {
    const leave = (ok: boolean, how: string): void => {
      isGone = true;
      signal?.removeEventListener('abort', kill);
      resolve({ ok, how, isAlive: false });
    };
    child.once('error', ({ message }) => leave(false, message));
    // `close` could come much later: descendants may keep the streams open.
    child.once('exit', (status, by) => leave(status === 0, by ?? `status ${status}`));
  });
  let onStatus = (_status: number): void => {};
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => onStatus(Number(line)));
  return {
    stdout: child.stdout,
    run: (file) => {
      const finished = new Promise<FileResult>((resolve) => {
        onStatus = (status) => resolve({ ok: status === 0, how: `status ${status}`, isAlive: true });
      });
      // As a URL, because a path may contain line breaks.
      child.stdin?.write(`${pathToFileURL(file).href}\n`);
      return Promise.race([finished, exited.then((end) => ({ ...end, ok: false }))]);
    },
    end: () => {
      child.stdin?.end();
      return exited;
    },
    kill,
  };
};
