// Fault plans from JSON that somebody wrote: each field is checked and the message says which one is wrong.

import { HarnessError } from '../base/errors.js';
import { type Effect, effectKinds, type Fault, type FaultPlan, type When } from './fault.js';

type Fields = Readonly<Record<string, unknown>>;

const fail = (where: string, expected: string, got: unknown): never => {
  const reason = `expected ${expected}, got ${JSON.stringify(got) ?? String(got)}`;
  throw new HarnessError('FAULT_PLAN', { where, reason });
};

const object = (value: unknown, where: string): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(where, 'an object', value);

interface Range {
  min: number;
  max: number;
}

const whole = (value: unknown, where: string, { min, max }: Range): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
    ? value
    : fail(where, `a whole number from ${min} to ${max}`, value);

const U32 = { min: 0, max: 0xffffffff };
const HOUR_MS = 3_600_000;
const FAR_US = Number.MAX_SAFE_INTEGER;

/** The measure that each kind of fault has besides its kind. */
const measures: Record<Effect['kind'], readonly [string, Range] | undefined> = {
  delay: ['ms', { min: 0, max: HOUR_MS }],
  drop: undefined,
  error: ['errno', { min: 1, max: 4095 }],
  short: ['bytes', { min: 0, max: 255 }],
  disconnect: undefined,
  ones: undefined,
  value: ['value', U32],
  'clock-jump': ['us', { min: -FAR_US, max: FAR_US }],
};

const filters: Record<keyof When, (value: unknown, where: string) => unknown> = {
  protocol: (value, where) =>
    value === 'vfio-user' || value === 'vhost-user' ? value : fail(where, 'vfio-user or vhost-user', value),
  command: (value, where) =>
    typeof value === 'string' && /^[A-Z][A-Z0-9_]*$/.test(value)
      ? value
      : fail(where, 'the name of a command, such as REGION_READ or GET_CONFIG', value),
  region: (value, where) => whole(value, where, { min: 0, max: 8 }),
  offset: (value, where) => whole(value, where, U32),
  width: (value, where) => whole(value, where, { min: 1, max: 65536 }),
  from: (value, where) => whole(value, where, { min: 1, max: FAR_US }),
  times: (value, where) => whole(value, where, { min: 1, max: FAR_US }),
  probability: (value, where) =>
    typeof value === 'number' && value >= 0 && value <= 1
      ? value
      : fail(where, 'a number from 0 to 1', value),
};

const onlyFields = (given: Fields, allowed: readonly string[], where: string): void => {
  for (const name of Object.keys(given))
    if (!allowed.includes(name)) fail(where, `no field but ${allowed.join(', ')}`, name);
};

const parseWhen = (value: unknown, where: string): When => {
  const given = object(value, where);
  onlyFields(given, Object.keys(filters), where);
  return Object.fromEntries(
    Object.entries(given).map(([name, one]) => [name, filters[name as keyof When](one, `${where}.${name}`)]),
  );
};

const isKind = (value: unknown): value is Effect['kind'] => effectKinds.some((kind) => kind === value);

const parseFault = (value: unknown, where: string): Fault => {
  const given = object(value, where);
  const { kind } = given;
  if (!isKind(kind)) return fail(`${where}.kind`, `one of ${effectKinds.join(', ')}`, kind);
  const measure = measures[kind];
  onlyFields(given, ['kind', 'when', ...(measure ? [measure[0]] : [])], where);
  const fault: Record<string, unknown> = { kind };
  if (measure) fault[measure[0]] = whole(given[measure[0]], `${where}.${measure[0]}`, measure[1]);
  if (given.when !== undefined) fault.when = parseWhen(given.when, `${where}.when`);
  return fault as unknown as Fault; // every field of it was checked against the tables above
};

/**
 * A fault plan from parsed JSON: `{seed?, faults: [...]}`. Throws FAULT_PLAN, which names the field which is
 * wrong.
 */
export const parseFaultPlan = (value: unknown): FaultPlan => {
  const given = object(value, 'plan');
  onlyFields(given, ['seed', 'faults'], 'plan');
  if (!Array.isArray(given.faults)) return fail('faults', 'a list', given.faults);
  const faults = given.faults.map((one, index) => parseFault(one, `faults[${index}]`));
  return given.seed === undefined ? { faults } : { seed: whole(given.seed, 'seed', U32), faults };
};
