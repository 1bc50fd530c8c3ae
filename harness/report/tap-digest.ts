// Shortens a TAP stream: one line for a passed test, a few lines for a failed one, the reason for a skipped
// one.

import { Parser, Result } from 'tap-parser';
import { fitLines, foldLines, groupDigits, moreLines } from '../base/bounded.js';
import { printable, shorten } from '../base/text.js';

export interface TapSums {
  total: number;
  failed: number;
  skipped: number;
}

export interface Digest {
  /** Takes one line of TAP, without its newline. */
  feed(line: string): void;
  /** Counts of assertions so far; tests that contain assertions are not counted. */
  sums(): TapSums;
}

export interface DigestOptions {
  /** Print nothing for tests that pass. */
  readonly quiet: boolean;
  /** Lines for one failed test, its name included. */
  readonly maxLines: number;
}

const maxLength = 160;

/** An event of tap-parser: `[kind, ...values]`. The events of a subtest are nested. */
type TapEvent = readonly unknown[];

const isEvents = (value: unknown): value is readonly TapEvent[] =>
  Array.isArray(value) && value.every((event) => Array.isArray(event));

interface Assertion {
  /** Names of the tests that contain it, without the outermost. */
  readonly path: readonly string[];
  readonly result: Result;
}

const subtestName = (events: readonly TapEvent[]): string => {
  const [, text] = events.find(([kind]) => kind === 'comment') ?? [];
  return /^# Subtest: (.*)$/m.exec(String(text))?.[1] ?? '';
};

/** All assertions, in order. A result with a time is a test that contains assertions, so it is left out. */
const assertionsIn = (events: readonly TapEvent[], path: readonly string[] = []): Assertion[] =>
  events.flatMap(([kind, value]): Assertion[] => {
    if (kind === 'child' && isEvents(value)) return assertionsIn(value, [...path, subtestName(value)]);
    if (!(kind === 'assert' && value instanceof Result)) return [];
    return value.time === null ? [{ path: path.slice(1), result: value }] : [];
  });

/** Comments that scenarios print between their checks, for example where their artifacts are. */
const commentsIn = (events: readonly TapEvent[]): string[] =>
  events.flatMap(([kind, value]): string[] => {
    if (kind === 'child' && isEvents(value)) return commentsIn(value);
    const text = kind === 'comment' ? String(value).trim() : '';
    return /^# (?!Subtest: |time=|\{ |skip: )/.test(text) ? [text.slice(2)] : [];
  });

const othersIn = (events: readonly TapEvent[]): string[] =>
  events.flatMap(([kind, value]): string[] => {
    if (kind === 'child' && isEvents(value)) return othersIn(value);
    const text = String(value).trimEnd();
    if (kind === 'bailout') return [`Bail out! ${text}`];
    return kind === 'extra' && text !== '' ? text.split('\n') : [];
  });

/** Lines that are not TAP: output of a process, or the error that ended it. */
export const linesBesideTap = (text: string): string[] => othersIn(Parser.parse(text));

const isSkip = ({ skip }: Result): boolean => skip !== false;

const isFailure = ({ ok, todo, skip }: Result): boolean => !ok && todo === false && skip === false;

/**
 * The end of a trace, a difference, more lines of a message, or the diagnostics that tap adds to its own
 * assertions.
 */
const detailsOf = (diagnostics: unknown, maxLines: number): string[] => {
  if (typeof diagnostics !== 'object' || diagnostics === null) return [];
  const { trace, difference, lines, diff }: Readonly<Record<string, unknown>> = { ...diagnostics };
  if (Array.isArray(trace)) return trace.slice(-maxLines).map(String);
  if (Array.isArray(difference)) return difference.map(String);
  if (Array.isArray(lines)) return lines.map(String);
  if (typeof diff === 'string') return diff.trimEnd().split('\n');
  return Object.entries(diagnostics).flatMap(([key, value]) =>
    typeof value === 'string' && value.includes('\n')
      ? [`${key}:`, ...value.trimEnd().split('\n')]
      : [`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
};

/**
 * Repetitions of a failed check differ only in the position in the trace. Only that of the first is shown.
 */
const withoutPosition = (name: string): string => name.replace(/ \(trace #\d+( to #\d+)?\)$/, '');

/** The first of equal assertions, with their number. */
const foldAlike = (failed: readonly Assertion[]): (Assertion & { readonly times: number })[] => {
  const kinds = new Map<string, Assertion & { times: number }>();
  for (const assertion of failed) {
    const key = JSON.stringify([assertion.path, withoutPosition(assertion.result.name)]);
    const first = kinds.get(key);
    if (first === undefined) kinds.set(key, { ...assertion, times: 1 });
    else first.times += 1;
  }
  return [...kinds.values()];
};

/** The name of a failed assertion and its details. */
const describe = (
  { path, result, times }: Assertion & { readonly times: number },
  maxDetails: number,
): string[] => {
  const name = `${result.name}${times > 1 ? ` × ${groupDigits(times)}` : ''}`;
  const lines = name.split('\n').map((line) => `    ${line}`);
  const where = path.length === 0 ? [] : [`    in ${path.join(' › ')}:`];
  const details = maxDetails === 0 ? [] : foldLines(detailsOf(result.diag, maxDetails));
  const shown = details.slice(0, maxDetails);
  const rest = details.length - shown.length;
  return [
    ...where,
    ...lines,
    ...shown.map((line) => `      ${line}`),
    ...(rest > 0 ? [`      ${moreLines(rest)}`] : []),
  ];
};

/** The result line of an outermost test, which comes after its content. */
const outermostResult = /^(not )?ok \d+/;

/** `print` receives the lines to show, with control characters escaped. */
export const tapDigest = (print: (line: string) => void, { quiet, maxLines }: DigestOptions): Digest => {
  const sums: TapSums = { total: 0, failed: 0, skipped: 0 };
  let block: string[] = [];
  /** Between the `---` and the `...` below an outermost result: where in this package its test is. */
  let inDiagnostics = false;

  const count = ({ result }: Assertion): void => {
    sums.total += 1;
    if (isSkip(result)) {
      sums.skipped += 1;
      const reason = result.skip === true ? 'no reason given' : result.skip;
      print(shorten(printable(`skipped: ${result.name}: ${reason}`), maxLength));
    } else if (isFailure(result)) sums.failed += 1;
  };

  const finish = (end: string): void => {
    const inside: readonly TapEvent[] = Parser.parse(block.join('\n'));
    const outer = Parser.parse(end)
      .flat()
      .find((value) => value instanceof Result);
    if (outer === undefined) return;
    const itself: Assertion[] = outer.time === null ? [{ path: [], result: outer }] : [];
    const assertions = [...assertionsIn(inside), ...itself];
    assertions.forEach(count);
    const seconds = `  ${((outer.time ?? 0) / 1000).toFixed(1)} s`;
    // The name of a file that could not be loaded contains its path and the error.
    const titled = (mark: string): string =>
      `${shorten(printable(`${mark} ${outer.name}`), maxLength - seconds.length)}${seconds}`;
    if (!isFailure(outer)) {
      // A test that skips under its own name has not run.
      const ran = !assertions.some(({ result }) => isSkip(result) && result.name === outer.name);
      if (!quiet && ran) print(titled('✓'));
      return;
    }
    const failed = foldAlike(assertions.filter(({ result }) => isFailure(result)));
    const where = commentsIn(inside).map((line) => shorten(printable(`    ${line}`), maxLength));
    const lines = foldLines([
      ...failed.flatMap((assertion, index) => describe(assertion, index === 0 ? maxLines >> 1 : 0)),
      ...othersIn(inside).map((line) => `    ${line}`),
    ]);
    const limits = { maxLines: maxLines - 1 - where.length, maxLength };
    for (const line of [titled('✗'), ...fitLines(lines.map(printable), limits), ...where]) print(line);
  };

  return {
    feed: (line) => {
      if (inDiagnostics || (block.length === 0 && line === '  ---')) {
        inDiagnostics = line !== '  ...';
        return;
      }
      if (!outermostResult.test(line)) {
        block.push(line);
        return;
      }
      finish(line);
      block = [];
    },
    sums: () => sums,
  };
};
