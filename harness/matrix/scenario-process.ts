// One scenario file in a process of its own, which cannot outlive this one.
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { removeTree } from '../cache/remove-tree.js';

export interface ProcessOptions {
  /** The compiled file. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends it at once. */
  readonly kill: AbortSignal;
  /** Milliseconds. Every wait within has a shorter limit of its own: only a defect of the harness gets here. */
  readonly timeoutMs?: number;
}

export interface ProcessEnd {
  readonly ok: boolean;
  /** `status 1`, `SIGKILL`, `no end within 600 s` */
  readonly how: string;
  /** Both streams. */
  readonly output: string;
}

/**
 * Resolves when the process is gone. Its temporary files are gone then too, although it may have had no time to remove them.
 * It has a session of its own, so that Ctrl-C reaches us first, and the kernel ends it when we die.
 */
export const runScenarioFile = async ({
  path,
  env,
  kill,
  timeoutMs = 600_000,
}: ProcessOptions): Promise<ProcessEnd> => {
  // Short: sockets are somewhere below it.
  const temporary = await mkdtemp(join(tmpdir(), 'vm-'));
  try {
    const argv = ['--pdeathsig', 'KILL', '--', process.execPath, '--enable-source-maps', path];
    const { all, exitCode, signal, timedOut, failed, shortMessage } = await execa('setpriv', argv, {
      env: { ...env, TMPDIR: temporary },
      all: true,
      buffer: true,
      stdin: 'ignore',
      reject: false,
      detached: true,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      cancelSignal: kill,
    });
    const how = timedOut
      ? `no end within ${timeoutMs / 1000} s`
      : (signal ?? (exitCode === undefined ? (shortMessage ?? 'did not start') : `status ${exitCode}`));
    return { ok: !failed, how, output: all };
  } finally {
    await removeTree(temporary);
  }
};

/** A directory that did not exist. */
export const freshDirectory = async (path: string): Promise<string> => {
  await removeTree(path);
  await mkdir(path, { recursive: true });
  return path;
};
