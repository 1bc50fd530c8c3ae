// A process that runs scenario files one after another on one kernel and one vmd generation. It has its own
// directories.

import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../base/cache/remove-tree.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import type { Choice } from '../run/choice.js';
import { type FileResult, startWorker } from '../run/start-worker.js';

export interface ProcessOptions {
  /** Its `run` is the directory in which the scenarios of this process leave results. */
  readonly choice: Choice;
  /** Environment variables to add to those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Kills the process. */
  readonly kill: AbortSignal;
  /** Timeout of a file in milliseconds. Every wait in a file is shorter, so only a defect reaches it. */
  readonly timeoutMs?: number | undefined;
  /** How long the process may take to exit, in milliseconds. */
  readonly endMs?: number | undefined;
}

/** `how`: `status 1`, `SIGKILL`, `no end within 600 s` */
export interface FileEnd extends FileResult {
  /** Standard output and error of this file. */
  readonly output: string;
  /** Standard output and error between the end of the previous file and the start of this one. */
  readonly late: string;
}

export interface ScenarioProcess {
  readonly staging: string;
  /** Empties `staging`, then runs a compiled file. */
  run(path: string): Promise<FileEnd>;
  /** Lets the process exit. Resolves when it has exited and its temporary files are removed. */
  end(): Promise<FileEnd>;
  /** Kills the process. Resolves when it has ended and its temporary files are removed. */
  kill(): Promise<void>;
}

export const startScenarioProcess = async ({
  choice,
  env,
  kill,
  timeoutMs = 600_000,
  endMs = 60_000,
}: ProcessOptions): Promise<ScenarioProcess> => {
  const staging = choice.run;
  const temporary = temporaryDirectory().path;
  // A file, unlike a pipe, already contains all output of a scenario when the scenario ends.
  const log = join(temporary, 'output');
  const file = await open(log, 'a');
  const worker = startWorker({
    stdout: file.fd,
    stderr: file.fd,
    choice,
    env: { ...env, TMPDIR: temporary },
    signal: kill,
    detached: true,
  });
  await file.close();

  /** Returns the output since the previous call. */
  const takeOutput = async (): Promise<string> => {
    const text = await readFile(log, 'utf8');
    await truncate(log);
    return text.trimEnd();
  };
  const withTimeout = async (ms: number, late: string, ended: Promise<FileResult>): Promise<FileEnd> => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      worker.kill();
    }, ms);
    const end = await ended.finally(() => clearTimeout(timer));
    const output = await takeOutput();
    return isLate
      ? { ok: false, how: `no end within ${ms / 1000} s`, isAlive: false, output, late }
      : { ...end, output, late };
  };
  const removeFiles = async <T>(value: T): Promise<T> => {
    await removeTree(temporary);
    await removeTree(staging);
    return value;
  };
  return {
    staging,
    run: async (path) => {
      await removeTree(staging);
      await mkdir(staging, { recursive: true });
      const late = await takeOutput();
      return withTimeout(timeoutMs, late, worker.run(path));
    },
    end: async () => removeFiles(await withTimeout(endMs, '', worker.end())),
    kill: async () => {
      worker.kill();
      await removeFiles(await worker.end());
    },
  };
};
