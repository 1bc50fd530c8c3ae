// A process that runs scenario files one after the other, all on one kernel and one generation of vmd, with
// directories of its own.

import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../base/cache/remove-tree.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import type { Choice } from '../run/choice.js';
import { type FileResult, startWorker } from '../run/start-worker.js';

export interface ProcessOptions {
  /** `run`: where scenarios leave results, until they are settled. Nobody else's. */
  readonly choice: Choice;
  /** Variables beyond those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Ends it at once. */
  readonly kill: AbortSignal;
  /**
   * Milliseconds for a file. Every wait within has a shorter limit of its own: only a defect of the harness
   * gets here.
   */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds to its end when there is nothing left to do. */
  readonly endMs?: number | undefined;
}

/** `how`: `status 1`, `SIGKILL`, `no end within 600 s` */
export interface FileEnd extends FileResult {
  /** Both streams, of this file alone. */
  readonly output: string;
  /** Both streams, from the end of the file before to the beginning of this one. */
  readonly late: string;
}

export interface ScenarioProcess {
  readonly staging: string;
  /** Runs a compiled file. `staging` is empty when it begins. */
  run(path: string): Promise<FileEnd>;
  /** Lets it end. Resolves when it is gone with all its temporary files. */
  end(): Promise<FileEnd>;
  /**
   * Ends it. Resolves when it is gone with all its temporary files, although it had no time to remove them.
   */
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
  // A file, not a pipe: when a scenario is over, all that it has printed is there.
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

  /** What it has printed since the last time. */
  const taken = async (): Promise<string> => {
    const text = await readFile(log, 'utf8');
    await truncate(log);
    return text.trimEnd();
  };
  const within = async (ms: number, late: string, ended: Promise<FileResult>): Promise<FileEnd> => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      worker.kill();
    }, ms);
    const end = await ended.finally(() => clearTimeout(timer));
    const output = await taken();
    return isLate
      ? { ok: false, how: `no end within ${ms / 1000} s`, isAlive: false, output, late }
      : { ...end, output, late };
  };
  const cleared = async <T>(value: T): Promise<T> => {
    await removeTree(temporary);
    await removeTree(staging);
    return value;
  };
  return {
    staging,
    run: async (path) => {
      await removeTree(staging);
      await mkdir(staging, { recursive: true });
      const late = await taken();
      return within(timeoutMs, late, worker.run(path));
    },
    end: async () => cleared(await within(endMs, '', worker.end())),
    kill: async () => {
      worker.kill();
      await cleared(await worker.end());
    },
  };
};
