// The clock that the device shows to its guest. It is data, independent of the wall clock.

import { HarnessError, hasCode } from '../base/errors.js';
import { parseScript, runScript } from './clock-script.js';
import { formatInstant, instantForm, parseInstant } from './instant.js';
import { formatRate, parseRate, type Rate, rateForm, scaled, unscaled } from './rate.js';

export interface DeviceClock {
  /** Microseconds since the epoch. */
  now(): bigint;
  /** The clock in the syntax of the command line. */
  readonly spec: string;
  /** The same clock, moved by `us`. If it is missing, `us` is added to the value of `now()`. */
  readonly shifted?: (us: bigint) => DeviceClock;
}

/** The forms of a clock specification, for help and messages. */
export const clockForms = `frozen:${instantForm}, running[:${instantForm}][@${rateForm}], scripted:FILE`;

/** A clock that stands still at `us`, in microseconds since the epoch. */
export const frozen = (us: bigint): DeviceClock => ({
  now: () => us,
  spec: `frozen:${formatInstant(us)}`,
  shifted: (by) => frozen(us + by),
});

/**
 * A clock that runs from `us`, in microseconds since the epoch, at the rate of the host's clock plus `rate`
 * (parts per billion). Without `us` it starts at the host's time; without both it is the host's clock. Each
 * value is computed from the start, so the error stays below a microsecond however long it runs.
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

/** A clock that follows a script; `text` is its JSON. Throws CLOCK_SCRIPT. */
export const scripted = (text: string, hostNow: () => bigint): DeviceClock => ({
  now: runScript(parseScript(text), hostNow),
  spec: `scripted:${text}`,
});

/**
 * A clock that shows the next instant of the list at each read, and stays at the last. The host's clock watch
 * reads too, so give it a clock of its own.
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

/** A clock that can be replaced while the device uses it. */
export interface ClockHolder extends DeviceClock {
  set(clock: DeviceClock): void;
  /** Moves the clock by `us`. A frozen clock stays frozen, and a running clock keeps its rate. */
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

/** By the word before the colon. `undefined`: the text is not a clock of that kind. */
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
 * Parses a clock specification, with the JSON of a script in place of its file. `hostNow` is the host's clock
 * in microseconds since the epoch; `option` names the source of the text in messages. Throws CLOCK_SPEC.
 */
export const parseClock = (spec: string, hostNow: () => bigint, option = '--clock'): DeviceClock => {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new HarnessError('CLOCK_SPEC', { option, reason, valid: clockForms }, cause);
  };
  try {
    return read(spec, hostNow) ?? refuse(`'${spec}' is not a clock`);
  } catch (error) {
    if (hasCode(error, 'INSTANT') || hasCode(error, 'CLOCK_SCRIPT')) return refuse(error.message, error);
    throw error;
  }
};
