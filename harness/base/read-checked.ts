// Parses JSON files of other programs and earlier runs, and checks them against a schema.

import * as v from 'valibot';
import { shorten } from './text.js';

/** A string that was received may be as long as the file. */
const maxProblemLength = 200;

/** The path of the field that an issue is about: `cells[3].verdict`; empty for the whole value. */
export const fieldPath = ({ path }: v.BaseIssue<unknown>): string =>
  (path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

/** One line with the path of a field and the problem: `cells[3].verdict: expected …, got …`. */
export const problemOf = (issue: v.BaseIssue<unknown>): string => {
  const path = fieldPath(issue);
  const { expected, received } = issue;
  if (received === 'undefined') return `${path} is missing`;
  const what = shorten(
    expected === null ? issue.message : `expected ${expected}, got ${received}`,
    maxProblemLength,
  );
  return path === '' ? what : `${path}: ${what}`;
};

export type Checked<T> = { readonly value: T } | { readonly problem: string };

/** Parses `text`. Returns the value, or one line that says why it does not match the schema. */
export const parseChecked = <T>(text: string, schema: v.GenericSchema<unknown, T>): Checked<T> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { problem: text === '' ? 'the file is empty' : `not JSON: ${error.message.split('\n', 1)[0]}` };
  }
  const result = v.safeParse(schema, value);
  return result.success ? { value: result.output } : { problem: problemOf(result.issues[0]) };
};
