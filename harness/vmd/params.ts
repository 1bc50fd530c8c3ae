// The parameters of a control method, as a shape that checks what comes from outside.

import { HarnessError } from '../base/errors.js';

/**
 * One parameter: what `read` makes of a JSON value, `undefined` for a wrong one, and in words what is valid.
 */
export interface Field<T> {
  readonly valid: string;
  readonly read: (value: unknown) => T | undefined;
  /** What an absent parameter stands for; without it the parameter is required. */
  readonly fallback?: { readonly value: T };
}

export const text: Field<string> = {
  valid: 'a string',
  read: (value) => (typeof value === 'string' ? value : undefined),
};

export const flag: Field<boolean> = {
  valid: 'true, false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

export const oneOf = <T extends string>(values: readonly T[]): Field<T> => ({
  valid: values.join(', '),
  read: (value) => values.find((known) => known === value),
});

/** A whole number from `low` to `high`. */
export const integer = (low: number, high: number): Field<number> => ({
  valid: `an integer from ${low} to ${high}`,
  read: (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high ? value : undefined,
});

/** The same, and may be left out. */
export const optional = <T, F>(field: Field<T>, fallback: F): Field<T | F> => ({
  ...field,
  fallback: { value: fallback },
});

export type Shape = Readonly<Record<string, Field<unknown>>>;

export type Params<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** Reads `raw` by the shape. Throws CONTROL_PARAMS naming the parameter and what is valid. */
export const readParams = <S extends Shape>(
  method: string,
  shape: S,
  raw: Readonly<Record<string, unknown>>,
): Params<S> => {
  const refuse = (reason: string): never => {
    throw new HarnessError('CONTROL_PARAMS', { method, reason });
  };
  const names = Object.keys(shape);
  const unknown = Object.keys(raw).find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(`no parameter '${unknown}'; valid: ${names.join(', ') || 'none'}`);
  const read = ([name, field]: [string, Field<unknown>]): [string, unknown] => {
    if (!Object.hasOwn(raw, name)) {
      return field.fallback ? [name, field.fallback.value] : refuse(`needs '${name}': ${field.valid}`);
    }
    const value = field.read(raw[name]);
    if (value === undefined) refuse(`'${name}' is ${JSON.stringify(raw[name])}; valid: ${field.valid}`);
    return [name, value];
  };
  return Object.fromEntries(Object.entries(shape).map(read)) as Params<S>;
};
