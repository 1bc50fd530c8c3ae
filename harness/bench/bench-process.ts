// A process of the benchmark. It answers one message at a time.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { withParent } from '../base/with-parent.js';

/** The form of an answer. */
type Schema<T> = v.GenericSchema<unknown, T>;

export interface BenchProcess {
  /** The next message from the process. Rejects if the process ends first. */
  hear<T>(schema: Schema<T>): Promise<T>;
  /** Sends a question, and resolves with the answer. */
  ask<T>(question: object | string, schema: Schema<T>): Promise<T>;
  stop(): Promise<void>;
  kill(): void;
}

/**
 * Starts `file` of this directory. With `profile`, it writes a CPU profile to that directory when it ends. It
 * cannot outlive this process: the kernel kills it when this process dies.
 */
export const startBenchProcess = (
  file: string,
  args: readonly string[] = [],
  { profile }: { profile?: string | undefined } = {},
): BenchProcess => {
  const child = fork(join(import.meta.dirname, file), [...args], {
    execPath: 'setpriv',
    execArgv: [
      ...withParent('KILL'),
      process.execPath,
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
    ],
  });
  const ended = once(child, 'exit').then(([status, signal]: unknown[]): never => {
    throw new HarnessError('BENCH_PROCESS', { how: `${file}: ${signal ?? `status ${status}`}` });
  });
  // The caller that waits for an answer gets the rejection.
  ended.catch(() => {});
  const hear = async <T>(schema: Schema<T>): Promise<T> => {
    const [answer] = await Promise.race([once(child, 'message'), ended]);
    return v.parse(schema, answer);
  };
  return {
    hear,
    ask: (question, schema) => {
      const answer = hear(schema);
      // A process that has ended takes no question; the answer rejects then.
      child.send(question, () => {});
      return answer;
    },
    stop: async () => {
      // The process ends when its channel closes.
      if (child.connected) child.disconnect();
      await ended.catch(() => {});
    },
    kill: () => void child.kill('SIGKILL'),
  };
};
