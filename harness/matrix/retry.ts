// Retries once what the harness, the host or QEMU broke. A verdict about the driver is never retried.

import pRetry, { AbortError } from 'p-retry';
import type { Halt } from './halt.js';

interface RetryOptions {
  readonly halt: Halt;
  readonly onRetry: (reason: string) => void;
  /** Pause before the second attempt, in milliseconds: the cause may be temporary. */
  readonly pauseMs?: number;
}

/**
 * Runs `attempt` with number 1, and with number 2 if `brokenBy` returns a reason for the first value.
 * Resolves with the last value. Rejects at once with the error that an attempt throws.
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
    // If both attempts broke, the last value says so. Any other error was thrown by the attempt.
    if (last !== undefined && brokenBy(last.value) !== undefined) return last.value;
    throw error;
  }
};
