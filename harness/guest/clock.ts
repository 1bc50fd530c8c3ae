// The guest's wall clock, in nanoseconds.

import { HarnessError } from '../base/errors.js';
import { hostNanoseconds } from '../host/clock.js';
import type { Programs } from './shell.js';

/** A clock in nanoseconds since the epoch: the host's, or a device's. */
export type Now = () => bigint;

export interface ClockReading {
  /** The guest's clock. */
  guest: bigint;
  /** The reference clock before the guest was asked and after it had answered: the guest's reading lies between. */
  before: bigint;
  after: bigint;
}

const ask = async (shell: Programs, ...words: string[]): Promise<bigint> => {
  const text = await shell.output(['guest-clock', ...words]);
  if (!/^\d+$/.test(text))
    throw new HarnessError('GUEST_READ', { what: 'clock', expected: 'nanoseconds', got: text });
  return BigInt(text);
};

export const readGuestClock = async (shell: Programs, now: Now = hostNanoseconds): Promise<ClockReading> => {
  const before = now();
  const guest = await ask(shell);
  return { guest, before, after: now() };
};

/** Sets the guest's clock; resolves with what it showed right after. */
export const setGuestClock = (shell: Programs, to: bigint): Promise<bigint> => ask(shell, String(to));

/** Moves the guest's clock by so many nanoseconds, exactly; resolves with what it showed right after. */
export const shiftGuestClock = (shell: Programs, by: bigint): Promise<bigint> =>
  ask(shell, by < 0n ? String(by) : `+${by}`);

/** Nanoseconds that a guest may take to be told the time. */
const soon = 50_000_000n;
const tries = 5;

/**
 * Makes the guest's clock that of `now`; resolves with how far behind it may be, in nanoseconds: as long as it took to tell the guest.
 * One that was restored needs it: its clock goes on from the moment it was saved. The first program that it starts takes a quarter of a
 * second under TCG, so it is told again, a few times at most.
 */
export const syncGuestClock = async (shell: Programs, now: Now = hostNanoseconds): Promise<bigint> => {
  let behind = soon;
  for (let left = tries; left > 0 && behind >= soon; left--) {
    const before = now();
    await setGuestClock(shell, before);
    behind = now() - before;
  }
  return behind;
};

/** Waits until the guest's clock has been set to about `to`: within `near` before it and a minute after it. GUEST_TIMEOUT. */
export const waitGuestClock = async (shell: Programs, to: bigint, near = 1_000_000_000n): Promise<void> => {
  const least = to - near;
  const most = to + 60_000_000_000n;
  await shell.output(['guest-clock', 'until', String(least), String(most)], {
    what: "step of the guest's clock to the device's",
    timeoutMs: 5000,
  });
};
