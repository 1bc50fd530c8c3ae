// Schemas for JSON that people write. Each error names the field by its whole path, what was expected there,
// and the value that was found.

import * as v from 'valibot';
import { fieldPath } from './read-checked.js';
import { shorten } from './text.js';

/** The maximum length of a wrong value in a message. */
const maxValueLength = 60;

export type Entries = Readonly<Record<string, v.GenericSchema<unknown, unknown>>>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A string that matches `pattern`; `what` describes it: `a name of letters and digits`. */
export const text = (pattern: RegExp, what: string) =>
  v.custom<string>((value) => typeof value === 'string' && pattern.test(value), `expected ${what}`);

/** Any string. */
export const string = v.string('expected a string');

export const boolean = v.boolean('expected true or false');

/** A safe integer from `min` to `max`. */
export const integer = (min: number, max: number) =>
  v.custom<number>(
    (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
    `expected an integer from ${min} to ${max}`,
  );

/** A number from `min` to `max`. */
export const number = (min: number, max: number) =>
  v.custom<number>(
    (value) => typeof value === 'number' && value >= min && value <= max,
    `expected a number from ${min} to ${max}`,
  );

/** One of these strings. */
export const oneOf = <const T extends string>(values: readonly T[]) =>
  v.picklist(
    values,
    values.length > 2
      ? `expected one of ${values.join(', ')}`
      : `expected ${values.map((value) => `"${value}"`).join(' or ')}`,
  );

/** A field that can be left out. */
export const optional = <T extends v.GenericSchema<unknown, unknown>>(schema: T) => v.exactOptional(schema);

/** A list of at least `min` items. */
export const list = <T extends v.GenericSchema<unknown, unknown>>(item: T, min = 0) => {
  const message = min === 0 ? 'expected a list' : 'expected a list that is not empty';
  return v.pipe(v.array(item, message), v.minLength(min, message));
};

/**
 * An object with these fields and no others: a misspelt name would otherwise pass for a field that was left
 * out.
 */
export const fields = <const T extends Entries>(entries: T) => {
  const required = Object.keys(entries).filter((key) => entries[key]?.type !== 'exact_optional');
  const missing = Object.fromEntries(required.map((key) => [key, undefined]));
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object'),
    // The schema of a missing field says what was expected; strictObject would not ask it.
    v.transform((given): unknown => ({ ...missing, ...given })),
    v.strictObject(entries, `there is no such field; valid: ${Object.keys(entries).join(', ') || 'none'}`),
  );
};

/** An object whose field `key` selects the schema. */
export const variant = <
  const K extends string,
  const T extends Readonly<Record<string, v.GenericSchema<unknown, unknown>>>,
>(
  key: K,
  schemas: T,
) => {
  const names = Object.keys(schemas);
  const other = v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object'),
    v.transform((given): unknown => ({ [key]: undefined, ...given })),
    v.looseObject({ [key]: oneOf(names) }),
  );
  return v.lazy((input): v.GenericSchema<unknown, v.InferOutput<T[keyof T]>> => {
    const name = isObject(input) ? input[key] : undefined;
    const schema = typeof name === 'string' && names.includes(name) ? schemas[name] : undefined;
    return (schema ?? other) as v.GenericSchema<unknown, v.InferOutput<T[keyof T]>>;
  });
};

/** Calls `refuse` for the first field that does not match `schema`; otherwise returns the value. */
export const readFields = <T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
  refuse: (field: string, reason: string) => never,
): T => {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const { message, input, type } = issue;
  if (type === 'strict_object') return refuse(fieldPath(issue), message);
  const got = input === undefined ? 'it is missing' : `got ${shorten(JSON.stringify(input), maxValueLength)}`;
  return refuse(fieldPath(issue), `${message}, ${got}`);
};
