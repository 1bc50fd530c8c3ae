// Reads and sets the guest's wall clock, in nanoseconds since the epoch.

import { hostNanoseconds } from '../host/clock.js';
import { matchText } from './guest-text.js';
import type { Programs } from './shell.js';

/** A clock in nanoseconds since the epoch: the host's, or that of a device. */
export type Now = () => bigint;

export interface ClockReading {
  /** The guest's clock. */
  guest: bigint;
  /** The reference clock before the request and after the reply. The guest's reading lies between them. */
  before: bigint;
  after: bigint;
}

const ask = async (shell: Programs, ...words: string[]): Promise<bigint> => {
  const text = await shell.output(['guest-clock', ...words]);
  const [nanoseconds = ''] = matchText('clock', 'nanoseconds', /^(\d{1,20})$/, text);
  return BigInt(nanoseconds);
};

export const readGuestClock = async (shell: Programs, now: Now = hostNanoseconds): Promise<ClockReading> => {
  const before = now();
  const guest = await ask(shell);
  return { guest, before, after: now() };
};

/** Sets the guest's clock. Resolves with the clock's value right afterwards. */
export const setGuestClock = (shell: Programs, to: bigint): Promise<bigint> => ask(shell, String(to));

/** Moves the guest's clock by exactly `by` nanoseconds. Resolves with the clock's value right afterwards. */
export const shiftGuestClock = (shell: Programs, by: bigint): Promise<bigint> =>
  ask(shell, by < 0n ? String(by) : `+${by}`);

/** Sets the offset of TAI from UTC in the guest's kernel, in seconds, as time daemons do. */
export const setTaiOffset = async (shell: Programs, seconds: number): Promise<void> => {
  await ask(shell, 'tai', String(seconds));
};

/**
 * Sets the rate of the guest's clocks CLOCK_REALTIME and CLOCK_MONOTONIC, as time daemons do: by how many
 * microseconds they advance in 10 ms, 9000 to 11000. CLOCK_MONOTONIC_RAW keeps its rate.
 */
export const setTick = async (shell: Programs, microseconds: number): Promise<void> => {
  await ask(shell, 'tick', String(microseconds));
};

/** An acceptable delay of the guest's clock, in nanoseconds. */
const acceptableDelay = 50_000_000n;
const maxAttempts = 5;

/**
 * Sets the guest's clock to `now`. Resolves with the maximum delay of the guest's clock in nanoseconds, which
 * is the duration of the request. A restored guest needs this because its clock resumes at the time of the
 * snapshot. Under TCG the first program that it starts takes a quarter of a second, so the clock is set
 * again, up to five times, until the delay is acceptable.
 */
export const syncGuestClock = async (shell: Programs, now: Now = hostNanoseconds): Promise<bigint> => {
  let delay = acceptableDelay;
  for (let left = maxAttempts; left > 0 && delay >= acceptableDelay; left--) {
    const before = now();
    await setGuestClock(shell, before);
    delay = now() - before;
  }
  return delay;
};

/**
 * Waits until the guest's clock has been set to a time from `tolerance` before `to` until one minute after
 * it. Rejects with GUEST_TIMEOUT.
 */
export const waitGuestClock = async (
  shell: Programs,
  to: bigint,
  tolerance = 1_000_000_000n,
): Promise<void> => {
  const earliest = to - tolerance;
  const latest = to + 60_000_000_000n;
  await shell.output(['guest-clock', 'until', String(earliest), String(latest)], {
    what: "step of the guest's clock to the device's",
    timeoutMs: 5000,
  });
};
