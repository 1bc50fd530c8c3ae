// One more try for what the harness, the host or QEMU broke. Never for a verdict about the driver.

import pRetry, { AbortError } from 'p-retry';
import type { Halt } from './halt.js';

interface RetryOptions {
  readonly halt: Halt;
  readonly onRetry: (reason: string) => void;
  /** Milliseconds before the second attempt: whatever was in the way may pass. */
  readonly pauseMs?: number;
}

/**
 * Runs `attempt` (numbers 1 and 2), a second time if `brokenBy` names what broke the first. Resolves with the
 * last value; rejects with what an attempt throws, at once.
 */
export const retryBroken = async <T>(
  attempt: (number: number) => Promise<T>,
  brokenBy: (value: T) => string | undefined,
  { halt, onRetry, pauseMs = 500 }: RetryOptions,
): Promise<T> => {
  let last: { value: T } | undefined;
  const once = async (number: number): Promise<T> => {
    last = undefined;
    const value = await attempt(number).catch((error: unknown) => {
      throw new AbortError(error instanceof Error ? error : new Error(String(error)));
    });
    last = { value };
    const reason = brokenBy(value);
    if (reason === undefined || halt.reason !== undefined) return value;
    throw new Error(reason);
  };
  try {
    return await pRetry(once, {
      retries: 1,
      minTimeout: pauseMs,
      onFailedAttempt: ({ error, retriesLeft }) => {
        if (retriesLeft > 0) onRetry(error.message);
      },
    });
  } catch (error) {
    // Broken twice: the value says so. Anything else was thrown by the attempt.
    if (last !== undefined && brokenBy(last.value) !== undefined) return last.value;
    throw error;
  }
};
