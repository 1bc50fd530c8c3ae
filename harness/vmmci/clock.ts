// The clock that the device shows its guest: data, not the wall clock.

import { HarnessError, hasCode } from '../base/errors.js';
import { parseScript, runScript } from './clock-script.js';
import { formatInstant, INSTANT_FORM, parseInstant } from './instant.js';
import { formatRate, parseRate, RATE_FORM, type Rate, scaled, unscaled } from './rate.js';

export interface DeviceClock {
  /** Microseconds since the epoch. */
  now(): bigint;
  /** The clock as the command line writes it. */
  readonly spec: string;
  /** The same clock moved by `us`; one without it is moved by adding `us` to what it shows. */
  readonly shifted?: (us: bigint) => DeviceClock;
}

/** What a clock is written as, for help texts and messages. */
export const CLOCK_FORMS = `frozen:${INSTANT_FORM}, running[:${INSTANT_FORM}][@${RATE_FORM}], scripted:FILE`;

/** Stands still. */
export const frozen = (us: bigint): DeviceClock => ({
  now: () => us,
  spec: `frozen:${formatInstant(us)}`,
  shifted: (by) => frozen(us + by),
});

/**
 * Goes on from `us`, or from the host's clock, as the host's clock does but for `rate`. Without either it is
 * the host's clock. However long it runs, it is off by less than a microsecond: it is worked out from the
 * start each time.
 */
export const running = (hostNow: () => bigint, us?: bigint, rate: Rate = 0n): DeviceClock => {
  const suffix = rate === 0n ? '' : `@${formatRate(rate)}`;
  const from = us === undefined ? 'running' : `running:${formatInstant(us)}`;
  const start = hostNow();
  const origin = us ?? start;
  const now =
    us === undefined && rate === 0n ? hostNow : () => origin + unscaled(scaled(hostNow() - start, rate));
  return { now, spec: `${from}${suffix}`, shifted: (by) => running(hostNow, now() + by, rate) };
};

/** Goes as a script says, JSON of which is the text. Throws CLOCK_SCRIPT, INSTANT. */
export const scripted = (text: string, hostNow: () => bigint): DeviceClock => ({
  now: runScript(parseScript(text), hostNow),
  spec: `scripted:${text}`,
});

/**
 * Gives one instant after another and stays at the last. Each look takes one, also that of a host's clock
 * watch: give that a clock of its own.
 */
export const inTurn = (list: readonly [bigint, ...bigint[]]): DeviceClock => {
  let next = 0;
  return {
    now: () => {
      const us = list[Math.min(next, list.length - 1)] ?? list[0];
      next += 1;
      return us;
    },
    spec: `in turn: ${list.map(formatInstant).join(', ')}`,
  };
};

/** A clock that can be replaced while the device looks at it. */
export interface ClockHolder extends DeviceClock {
  set(clock: DeviceClock): void;
  /**
   * Moves the clock by `us`: one that stands goes on standing, one that runs goes on running, at the same
   * rate.
   */
  shift(us: bigint): void;
}

const moved = (clock: DeviceClock, us: bigint): DeviceClock =>
  clock.shifted?.(us) ?? {
    now: () => clock.now() + us,
    spec: clock.spec,
    shifted: (more) => moved(clock, us + more),
  };

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
      clock = moved(clock, us);
    },
  };
};

type Kind = (text: string, hostNow: () => bigint) => DeviceClock | undefined;

/** By the word before the colon; `undefined` for what is no clock of that kind. */
const kinds: Readonly<Record<string, Kind>> = {
  frozen: (text) => frozen(parseInstant(text)),
  running: (text, hostNow) => {
    const [instant = '', rate, ...more] = text.split('@');
    const parsed = rate === undefined ? 0n : parseRate(rate);
    if (parsed === undefined || more.length > 0) return undefined;
    return running(hostNow, parseInstant(instant), parsed);
  },
  scripted,
};

const read = (spec: string, hostNow: () => bigint): DeviceClock | undefined => {
  const [, rate] = /^running@(.*)$/s.exec(spec) ?? [];
  if (spec === 'running') return running(hostNow);
  if (rate !== undefined) {
    const parsed = parseRate(rate);
    return parsed === undefined ? undefined : running(hostNow, undefined, parsed);
  }
  const [, kind = '', text = ''] = /^([a-z]+):(.*)$/s.exec(spec) ?? [];
  return Object.hasOwn(kinds, kind) ? kinds[kind]?.(text, hostNow) : undefined;
};

/**
 * Reads a clock as the command line writes it, the JSON of a script in the place of its file. `hostNow` is
 * the host's clock in microseconds since the epoch; `option` is what the message calls the source of the
 * text. Throws CLOCK_SPEC.
 */
export const parseClock = (spec: string, hostNow: () => bigint, option = '--clock'): DeviceClock => {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new HarnessError('CLOCK_SPEC', { option, reason, valid: CLOCK_FORMS }, cause);
  };
  try {
    return read(spec, hostNow) ?? refuse(`'${spec}' is no clock`);
  } catch (error) {
    if (hasCode(error, 'INSTANT') || hasCode(error, 'CLOCK_SCRIPT')) return refuse(error.message, error);
    throw error;
  }
};
