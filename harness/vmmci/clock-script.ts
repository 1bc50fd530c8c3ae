// A clock that steps and changes its rate at given times. Everything is computed in exact integers when it
// starts, so what it shows does not depend on when or how often it is read.

import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
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

export const scriptForm =
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

const number = v.union([v.string(), v.pipe(v.number(), v.finite())]);

const shape = v.strictObject({
  start: v.optional(v.string()),
  rate: v.optional(v.string()),
  changes: v.array(
    v.strictObject({
      at: v.optional(v.string()),
      after: v.optional(number),
      step: v.optional(number),
      rate: v.optional(v.string()),
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

const rateOf = (text: string, where: string): Rate =>
  parseRate(text) ??
  refuse(where, `${JSON.stringify(text)} is not a rate such as +250ppm, within 100000 ppm`);

type GivenChange = v.InferOutput<typeof shape>['changes'][number];

const changeOf = ({ at, after, step, rate }: GivenChange, where: string): Change => {
  if ((at === undefined) === (after === undefined)) refuse(where, 'needs one of at, after');
  if (step === undefined && rate === undefined) refuse(where, 'needs step or rate');
  return {
    when:
      at === undefined ? { after: microseconds(after ?? '', `${where}.after`) } : { at: parseInstant(at) },
    step: step === undefined ? 0n : microseconds(step, `${where}.step`),
    rate: rate === undefined ? undefined : rateOf(rate, `${where}.rate`),
  };
};

/** Parses the JSON of a script. Throws CLOCK_SCRIPT, which names the field, or INSTANT. */
export const parseScript = (text: string): ClockScript => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    refuse('file', error instanceof Error ? error.message : String(error));
  }
  const parsed = v.safeParse(shape, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return refuse(v.getDotPath(issue) ?? 'script', `expected ${issue.expected}, got ${issue.received}`);
  }
  const { start, rate, changes } = parsed.output;
  return {
    start: start === undefined ? undefined : parseInstant(start),
    rate: rate === undefined ? 0n : rateOf(rate, 'rate'),
    changes: changes.map((change, index) => changeOf(change, `changes[${index}]`)),
  };
};
