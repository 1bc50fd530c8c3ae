// Evaluates `${{ … }}` for tests, as a runner does.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

export type Status = 'success' | 'failure';

/** The values that an expression can refer to. */
export interface Context {
  readonly github?: unknown;
  readonly inputs?: unknown;
  readonly matrix?: unknown;
  readonly needs?: unknown;
  readonly steps?: unknown;
}

export interface Surroundings {
  readonly context: Context;
  /** The status of the job so far, or of the jobs that it needs. */
  readonly status: Status;
  /** The directory in which `hashFiles` looks for files. */
  readonly workspace: string;
}

const names = ['github', 'inputs', 'matrix', 'needs', 'steps'] as const;

/** The files that match a pattern, which may have a star in its last part. */
const filesOf = (workspace: string, pattern: string): string[] => {
  if (!pattern.includes('*')) return [join(workspace, pattern)];
  const directory = join(workspace, dirname(pattern));
  const fits = new RegExp(`^${basename(pattern).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && fits.test(entry.name))
    .map(({ name }) => join(directory, name))
    .sort();
};

/** A replacement for `hashFiles`: equal files give equal text. */
export const hashFiles = (workspace: string, patterns: readonly string[]): string => {
  const hash = createHash('sha256');
  const files = patterns.flatMap((pattern) => filesOf(workspace, pattern));
  if (files.length === 0) throw new Error(`hashFiles: nothing fits ${patterns.join(', ')}`);
  for (const file of files) hash.update(createHash('sha256').update(readFileSync(file)).digest());
  return hash.digest('hex');
};

const asData = (value: unknown): data.ExpressionData => {
  const made: data.ExpressionData = JSON.parse(JSON.stringify(value ?? null), data.reviver);
  return made;
};

/** The value of an expression, given without its braces. */
const evaluate = (expression: string, { context, status, workspace }: Surroundings): unknown => {
  const truth = (holds: boolean) => () => new data.BooleanData(holds);
  const functions = [
    { name: 'success', minArgs: 0, maxArgs: 0, call: truth(status === 'success') },
    { name: 'failure', minArgs: 0, maxArgs: 0, call: truth(status === 'failure') },
    { name: 'cancelled', minArgs: 0, maxArgs: 0, call: truth(false) },
    { name: 'always', minArgs: 0, maxArgs: 0, call: truth(true) },
    {
      name: 'hashfiles',
      minArgs: 1,
      maxArgs: 255,
      call: (...patterns: data.ExpressionData[]) =>
        new data.StringData(
          hashFiles(
            workspace,
            patterns.map((pattern) => pattern.coerceString()),
          ),
        ),
    },
  ];
  const parsed = new Parser(new Lexer(expression).lex().tokens, [...names], functions).parse();
  const dictionary = new data.Dictionary(...names.map((key) => ({ key, value: asData(context[key] ?? {}) })));
  const table = new Map(functions.map((one) => [one.name, one]));
  const result = new Evaluator(parsed, dictionary, table).evaluate();
  return JSON.parse(JSON.stringify(result, data.replacer) ?? 'null');
};

const whole = /^\$\{\{(.*)\}\}$/s;

const asText = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);

/** Replaces all expressions in a text. */
export const interpolate = (text: string | number | boolean, surroundings: Surroundings): string =>
  String(text).replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    asText(evaluate(expression.trim(), surroundings)),
  );

/** The value of a text that may be a single expression, and so an object. */
export const dataOf = (text: string, surroundings: Surroundings): unknown => {
  const [, expression] = whole.exec(text) ?? [];
  return expression === undefined ? text : evaluate(expression.trim(), surroundings);
};

/** True if a step or job runs. Without a status function, it runs only after success. */
export const holds = (
  condition: string | number | boolean | undefined,
  surroundings: Surroundings,
): boolean => {
  if (condition === undefined) return surroundings.status === 'success';
  const [, expression = String(condition)] = whole.exec(String(condition)) ?? [];
  const value = Boolean(evaluate(expression.trim(), surroundings));
  return /\b(success|failure|cancelled|always)\(/.test(expression)
    ? value
    : value && surroundings.status === 'success';
};
