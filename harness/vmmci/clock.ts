// The clock that the device shows its guest: data, not the wall clock.

import { HarnessError } from '../base/errors.js';
import { formatInstant, INSTANT_FORM, parseInstant } from './instant.js';

export interface DeviceClock {
  /** Microseconds since the epoch. */
  now(): bigint;
  /** The clock as the command line writes it. */
  readonly spec: string;
}

/** What a clock is written as, for help texts and messages. */
export const CLOCK_FORMS = `frozen:${INSTANT_FORM}, running, running:${INSTANT_FORM}`;

/** Stands still. */
export const frozen = (us: bigint): DeviceClock => ({ now: () => us, spec: `frozen:${formatInstant(us)}` });

/** Goes on from `us` at the pace of the host's clock; without it, is the host's clock. */
export const running = (hostNow: () => bigint, us?: bigint): DeviceClock => {
  if (us === undefined) return { now: hostNow, spec: 'running' };
  const offset = us - hostNow();
  return { now: () => hostNow() + offset, spec: `running:${formatInstant(us)}` };
};

/**
 * Gives one instant after another and stays at the last. Each look takes one, also that of a host's clock watch: give
 * that a clock of its own.
 */
export const scripted = (list: readonly [bigint, ...bigint[]]): DeviceClock => {
  let next = 0;
  return {
    now: () => {
      const us = list[Math.min(next, list.length - 1)] ?? list[0];
      next += 1;
      return us;
    },
    spec: `scripted:${list.map(formatInstant).join(',')}`,
  };
};

/** A clock that can be replaced while the device looks at it. */
export interface ClockHolder extends DeviceClock {
  set(clock: DeviceClock): void;
  /** Moves the clock by `us`: one that stands still goes on standing, one that runs goes on running. */
  shift(us: bigint): void;
}

export const clockHolder = (initial: DeviceClock): ClockHolder => {
  let clock = initial;
  return {
    now: () => clock.now(),
    get spec() {
      return clock.spec;
    },
    set: (next) => {
      clock = next;
    },
    shift: (us) => {
      const from = clock;
      const stands = from.spec.startsWith('frozen:');
      const to = from.now() + us;
      clock = stands ? frozen(to) : { now: () => from.now() + us, spec: `running:${formatInstant(to)}` };
    },
  };
};

/**
 * Reads a clock as the command line writes it. `hostNow` is the host's clock in microseconds since the epoch; `option`
 * is what the message calls the source of the text. Throws CLOCK_SPEC.
 */
export const parseClock = (spec: string, hostNow: () => bigint, option = '--clock'): DeviceClock => {
  if (spec === 'running') return running(hostNow);
  const [, kind, text = ''] = /^(frozen|running):(.*)$/s.exec(spec) ?? [];
  const us = kind === undefined ? `'${spec}' is no clock` : parseInstant(text);
  if (typeof us === 'string') {
    throw new HarnessError('CLOCK_SPEC', { option, reason: us, valid: CLOCK_FORMS });
  }
  return kind === 'frozen' ? frozen(us) : running(hostNow, us);
};
