// One thing done for a kernel before its scenarios: timed, judged, and tried again if the harness broke it.

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
  /** What went wrong within the attempt and was put right there. */
  readonly remedied?: readonly string[];
}

export interface StepOptions<T> {
  readonly name: StepName;
  readonly halt: Halt;
  readonly onRetry: (reason: string) => void;
  readonly work: () => Promise<{ value: T; cached: boolean; remedied?: readonly string[] }>;
  /** Errors that mean the kernel is unavailable: no verdict about anything. */
  readonly unavailable?: readonly ErrorCode[];
  /** The line for an error; its message when not given. */
  readonly tell?: (error: unknown) => string;
}

/**
 * Never rejects: what went wrong is in the step. `value` is there unless its verdict is another than passed.
 */
export const runStep = async <T>({
  name,
  halt,
  onRetry,
  work,
  unavailable = [],
  tell = messageOf,
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
      if (code !== undefined && unavailable.includes(code)) return { ...skipped, reasons: [tell(error)] };
      // The signal that interrupts us may have ended its programs first.
      if (halt.kill.aborted) return { ...skipped, reasons: [halt.reason ?? 'interrupted'] };
      return { verdict: verdictOf(error), reasons: [tell(error)], cached: false };
    }
  };
  const broken = ({ verdict, reasons }: Attempt<T>): string | undefined =>
    verdict === 'broken' ? reasons.join('; ') : undefined;
  const {
    value,
    remedied = [],
    ...outcome
  } = await retryBroken(attempt, broken, {
    halt,
    onRetry: (reason) => {
      retried.push(reason);
      onRetry(reason);
    },
  });
  const seconds = Math.round(performance.now() - start) / 1000;
  return { step: { name, ...outcome, seconds, retried: [...retried, ...remedied] }, value };
};
