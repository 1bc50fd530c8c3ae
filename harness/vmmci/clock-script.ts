// A clock that steps and changes its rate at given times. Everything is computed in exact integers when it
// starts, so what it shows does not depend on when or how often it is read.

import * as v from 'valibot';
import { HarnessError, hasCode } from '../base/errors.js';
import { fields, list, optional, readFields, text } from '../base/schema.js';
import { messageOf } from '../base/thrown.js';
import { parseInstant } from './instant.js';
import { elapsedFor, parseRate, type Rate, scaled, toScaled, unscaled } from './rate.js';

/**
 * A step or a new rate. `when` is a time of this clock itself, in microseconds since the epoch (`at`) or
 * since its start (`after`).
 */
export interface Change {
  readonly when: { readonly at: bigint } | { readonly after: bigint };
  /** Microseconds. */
  readonly step: bigint;
  /** `undefined`: the rate does not change. */
  readonly rate: Rate | undefined;
}

export interface ClockScript {
  /** Microseconds since the epoch; `undefined`: the host's clock. */
  readonly start: bigint | undefined;
  readonly rate: Rate;
  /** In order. Each happens when the clock reaches its time, or at once if that time has passed. */
  readonly changes: readonly Change[];
}

const scriptForm =
  '{"start"?: instant, "rate"?: "+250ppm", "changes": [{"at": instant or "after": seconds, "step"?: seconds, "rate"?: "-40ppm"}]}';

/**
 * A stretch at one rate: it starts at `host` microseconds of the host's clock with `value` billionths of a
 * microsecond.
 */
interface Segment {
  readonly host: bigint;
  readonly value: bigint;
  readonly rate: Rate;
}

/** Each change starts a new segment. `host` is the host's clock at the start. */
const segmentsOf = ({ start: given, rate, changes }: ClockScript, host: bigint): [Segment, ...Segment[]] => {
  const start = given ?? host;
  let last: Segment = { host, value: toScaled(start), rate };
  const segments: [Segment, ...Segment[]] = [last];
  for (const { when, step, rate } of changes) {
    const due = toScaled('at' in when ? when.at : start + when.after);
    const elapsed = elapsedFor(due - last.value, last.rate);
    last = {
      host: last.host + elapsed,
      value: last.value + scaled(elapsed, last.rate) + toScaled(step),
      rate: rate ?? last.rate,
    };
    segments.push(last);
  }
  return segments;
};

/**
 * Returns the clock in microseconds since the epoch, computed from the host's. If the host's clock is set
 * back, so is this one.
 */
export const runScript = (script: ClockScript, hostNow: () => bigint): (() => bigint) => {
  const segments = segmentsOf(script, hostNow());
  return () => {
    const host = hostNow();
    const segment = segments.findLast((candidate) => candidate.host <= host) ?? segments[0];
    return unscaled(segment.value + scaled(host - segment.host, segment.rate));
  };
};

/** A number of seconds; a string can have six decimals without rounding. */
const seconds = v.custom<string | number>(
  (value) => typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)),
  'expected a number of seconds',
);
const instant = text(/./, 'an instant');
const rate = text(/./, 'a rate such as "+250ppm"');

const scriptSchema = fields({
  start: optional(instant),
  rate: optional(rate),
  changes: list(
    fields({
      at: optional(instant),
      after: optional(seconds),
      step: optional(seconds),
      rate: optional(rate),
    }),
  ),
});

const refuse = (where: string, reason: string): never => {
  throw new HarnessError('CLOCK_SCRIPT', { where, reason, valid: scriptForm });
};

/** Parses seconds with up to six decimals. Returns microseconds. */
const microseconds = (value: string | number, where: string): bigint => {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/.exec(String(value)) ?? [];
  if (sign === undefined)
    return refuse(where, `${JSON.stringify(value)} is not a number of seconds with at most six decimals`);
  const magnitude = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return sign === '-' ? -magnitude : magnitude;
};

const instantOf = (text: string, where: string): bigint => {
  try {
    return parseInstant(text);
  } catch (error) {
    if (hasCode(error, 'INSTANT')) return refuse(where, error.message);
    throw error;
  }
};

const rateOf = (text: string, where: string): Rate =>
  parseRate(text) ??
  refuse(where, `${JSON.stringify(text)} is not a rate such as +250ppm, within 100000 ppm`);

type GivenChange = v.InferOutput<typeof scriptSchema>['changes'][number];

const changeOf = ({ at, after, step, rate }: GivenChange, where: string): Change => {
  if ((at === undefined) === (after === undefined)) refuse(where, 'needs one of at, after');
  if (step === undefined && rate === undefined) refuse(where, 'needs step or rate');
  return {
    when:
      at === undefined
        ? { after: microseconds(after ?? '', `${where}.after`) }
        : { at: instantOf(at, `${where}.at`) },
    step: step === undefined ? 0n : microseconds(step, `${where}.step`),
    rate: rate === undefined ? undefined : rateOf(rate, `${where}.rate`),
  };
};

/** Parses the JSON of a script. Throws CLOCK_SCRIPT, which names the field. */
export const parseScript = (content: string): ClockScript => {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    refuse('file', messageOf(error));
  }
  const { start, rate, changes } = readFields(scriptSchema, json, (field, reason) =>
    refuse(field === '' ? 'script' : field, reason),
  );
  return {
    start: start === undefined ? undefined : instantOf(start, 'start'),
    rate: rate === undefined ? 0n : rateOf(rate, 'rate'),
    changes: changes.map((change, index) => changeOf(change, `changes[${index}]`)),
  };
};
