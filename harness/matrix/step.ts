// Runs one step for a kernel: measures its time, gives it a verdict, and retries it once if it is broken.

import { codeOf, type ErrorCode } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import type { ReportStep, StepName } from '../report/model.js';
import { unlessAborted } from '../run/signals.js';
import { type Verdict, verdictOf } from '../run/verdict.js';
import type { Halt } from './halt.js';
import { retryBroken } from './retry.js';

interface Attempt<T> {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly value?: T;
  readonly cached: boolean;
  /** Problems that the attempt itself repaired. */
  readonly remedied?: readonly string[];
}

export interface StepOptions<T> {
  readonly name: StepName;
  readonly halt: Halt;
  readonly onRetry: (reason: string) => void;
  readonly work: () => Promise<{ value: T; cached: boolean; remedied?: readonly string[] }>;
  /** Errors that mean that the kernel is unavailable; the step is skipped. */
  readonly unavailable?: readonly ErrorCode[];
  /** Describes an error in one line (default: its message). */
  readonly describe?: (error: unknown) => string;
}

/** Never rejects: `step` has the reasons. `value` is undefined unless the verdict is `passed`. */
export const runStep = async <T>({
  name,
  halt,
  onRetry,
  work,
  unavailable = [],
  describe = messageOf,
}: StepOptions<T>): Promise<{ step: ReportStep; value: T | undefined }> => {
  const start = performance.now();
  const retried: string[] = [];
  const attempt = async (): Promise<Attempt<T>> => {
    const skipped = { verdict: 'skipped', cached: false } as const;
    try {
      const done = await unlessAborted(work(), halt.kill);
      if (done === undefined) return { ...skipped, reasons: [halt.reason ?? 'interrupted'] };
      return { verdict: 'passed', reasons: [], ...done };
    } catch (error) {
      const code = codeOf(error);
      if (code !== undefined && unavailable.includes(code)) return { ...skipped, reasons: [describe(error)] };
      // The signal that interrupts this run may have ended programs of the step first.
      if (halt.kill.aborted) return { ...skipped, reasons: [halt.reason ?? 'interrupted'] };
      return { verdict: verdictOf(error), reasons: [describe(error)], cached: false };
    }
  };
  const broken = ({ verdict, reasons }: Attempt<T>): string | undefined =>
    verdict === 'broken' ? reasons.join('; ') : undefined;
  const {
    value,
    remedied = [],
    ...result
  } = await retryBroken(attempt, broken, {
    halt,
    onRetry: (reason) => {
      retried.push(reason);
      onRetry(reason);
    },
  });
  const seconds = Math.round(performance.now() - start) / 1000;
  return { step: { name, ...result, seconds, retried: [...retried, ...remedied] }, value };
};
