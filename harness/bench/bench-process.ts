// A process of the benchmark. It answers one message at a time.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface BenchProcess {
  /** The next message from the process. Rejects if the process ends first. */
  hear<T>(): Promise<T>;
  ask<T>(question: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Starts `file` of this directory. With `profile`, it writes a CPU profile to that directory when it ends. */
export const startBenchProcess = (
  file: string,
  args: readonly string[] = [],
  { profile }: { profile?: string | undefined } = {},
): BenchProcess => {
  const child = fork(join(import.meta.dirname, file), [...args], {
    execArgv: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  });
  const ended = once(child, 'exit').then(([status, signal]: unknown[]): never => {
    throw new Error(`${file} ended by itself: ${status ?? signal}`);
  });
  ended.catch(() => {}); // whoever waits for an answer has the rejection
  const hear = async <T>(): Promise<T> => {
    const [answer] = await Promise.race([once(child, 'message'), ended]);
    return answer as T;
  };
  return {
    hear,
    ask: (question) => {
      const answer = hear<never>();
      child.send(question as object);
      return answer;
    },
    stop: async () => {
      child.disconnect(); // its cue to end
      await ended.catch(() => {});
    },
  };
};
