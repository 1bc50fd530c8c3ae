// The options of a command: one table row defines the name, value, default and help line of an option.

import { HarnessError } from '../base/errors.js';
import { shorten } from '../base/text.js';

/**
 * Parses a value. `name` is the option or environment variable for errors. Throws INVALID_VALUE or another
 * HarnessError.
 */
export type Read<T> = (text: string, name: string) => T;

export interface Option<T> {
  readonly kind: 'flag' | 'value' | 'list';
  /** A noun phrase or an imperative; the default is appended. */
  readonly help: string;
  /** The placeholder of the value in the help, such as `DIR`. */
  readonly placeholder?: string | undefined;
  /** A single letter. */
  readonly short?: string | undefined;
  /** The environment variable that is used if the option is not given. */
  readonly variable?: string | undefined;
  readonly read?: Read<unknown> | undefined;
  /** The default, as text that `read` accepts. */
  readonly fallback?: string | undefined;
  /** True if the option is required. */
  readonly needed?: boolean;
  /** The default as the help shows it, if it is not a fixed value. */
  readonly shown?: string | undefined;
  /** Only for the type checker: the type of the value. */
  readonly type?: T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values that a command gets, by option name. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface Common {
  readonly short?: string;
  readonly variable?: string;
  readonly shown?: string;
}

interface Reading<T> extends Common {
  readonly read: Read<T>;
}

interface Fallback {
  readonly fallback: string;
}

/** A boolean option. Its environment variable must be `1` or `0`. */
export const flag = (help: string, details: Omit<Common, 'shown'> = {}): Option<boolean> => ({
  kind: 'flag',
  help,
  ...details,
});

/** An option with one value; `undefined` if it is not given and has no default. A second value is refused. */
export function value<T>(placeholder: string, help: string, details: Reading<T> & Fallback): Option<T>;
export function value<T>(placeholder: string, help: string, details: Reading<T>): Option<T | undefined>;
export function value(placeholder: string, help: string, details: Common & Fallback): Option<string>;
export function value(placeholder: string, help: string, details?: Common): Option<string | undefined>;
export function value(placeholder: string, help: string, details: Common = {}): Option<unknown> {
  return { kind: 'value', placeholder, help, ...details };
}

/** A required option with one value. */
export function needed<T>(placeholder: string, help: string, details: Reading<T>): Option<T>;
export function needed(placeholder: string, help: string, details?: Common): Option<string>;
export function needed(placeholder: string, help: string, details: Common = {}): Option<unknown> {
  return { kind: 'value', needed: true, placeholder, help, ...details };
}

/** An option that may be repeated; its value is empty if it is not given. */
export function list<T>(placeholder: string, help: string, details: Reading<T>): Option<readonly T[]>;
export function list(placeholder: string, help: string, details?: Common): Option<readonly string[]>;
export function list(placeholder: string, help: string, details: Common = {}): Option<unknown> {
  return { kind: 'list', placeholder, help: `${help}; may be repeated`, ...details };
}

/** Accepts one of the words. */
export const oneOf =
  <T extends string>(words: readonly T[]): Read<T> =>
  (text, name) => {
    const word = words.find((one) => one === text);
    if (word === undefined)
      throw new HarnessError('INVALID_VALUE', { name, expected: `one of ${words.join(', ')}`, value: text });
    return word;
  };

/** Accepts an integer from 1 to `max`. */
export const count =
  (max: number): Read<number> =>
  (text, name) => {
    if (!/^[1-9]\d{0,8}$/.test(text) || Number(text) > max)
      throw new HarnessError('INVALID_VALUE', { name, expected: `a number from 1 to ${max}`, value: text });
    return Number(text);
  };

const readFlag = oneOf(['0', '1']);

/** No value is longer than a path may be (PATH_MAX of Linux, with its NUL). */
const maxValueLength = 4095;

/** The maximum length of a wrong value in a message. */
const shownLength = 100;

const readAs = ({ kind, read = (text) => text }: Option<unknown>, text: string, name: string): unknown => {
  const refuse = (expected: string): never => {
    throw new HarnessError('INVALID_VALUE', { name, expected, value: shorten(text, shownLength) });
  };
  if (text.length > maxValueLength) refuse(`at most ${maxValueLength} characters`);
  // Node puts U+FFFD where bytes are not UTF-8: as a path it would name another file.
  if (text.includes('\ufffd')) refuse('text in UTF-8');
  if (kind === 'flag') return readFlag(text, name) === '1';
  // An empty value is probably a variable that was not set: as a path it would name the working directory. A
  // value that starts with a dash is probably the next option.
  if (text === '' || text.startsWith('-')) refuse('a value');
  return read(text, name);
};

/** Adds a value of the command line to those before. Throws OPTION_TWICE for an option with one value. */
export const addValue = (
  name: string,
  { kind }: Option<unknown>,
  text: string,
  before?: string | readonly string[],
): string | readonly string[] => {
  if (kind === 'list') return [...(before ?? []), text];
  if (typeof before !== 'string') return text;
  const [first, second] = [before, text].map((value) => shorten(value, shownLength));
  throw new HarnessError('OPTION_TWICE', { name: `--${name}`, first: first ?? '', second: second ?? '' });
};

/** The value of an option, from the command line, the environment or the default; otherwise `undefined`. */
export const optionValue = (
  name: string,
  option: Option<unknown>,
  given: boolean | string | readonly string[] | undefined,
): unknown => {
  const long = `--${name}`;
  if (typeof given === 'boolean') return given;
  if (typeof given === 'string') return readAs(option, given, long);
  if (given !== undefined) return given.map((text) => readAs(option, text, long));
  const { kind, variable, fallback } = option;
  const fromEnvironment = variable === undefined ? undefined : process.env[variable];
  if (variable !== undefined && fromEnvironment !== undefined) {
    const read = readAs(option, fromEnvironment, variable);
    return kind === 'list' ? [read] : read;
  }
  if (kind === 'flag') return false;
  if (kind === 'list') return [];
  return fallback === undefined ? undefined : readAs(option, fallback, long);
};
