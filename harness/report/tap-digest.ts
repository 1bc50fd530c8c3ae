// A TAP stream made short: a line for each test that passed, some lines for one that failed, the reason of one that was skipped.
import { Parser, Result } from 'tap-parser';
import { fitLines, foldLines, moreLines } from '../base/bounded.js';
import { printable, shorten } from '../base/text.js';

export interface TapSums {
  total: number;
  failed: number;
  skipped: number;
}

export interface Digest {
  /** Takes one line of TAP, without its newline. */
  feed(line: string): void;
  /** The sums so far: assertions, not the tests around them. */
  sums(): TapSums;
}

export interface DigestOptions {
  /** Print nothing for tests that pass. */
  readonly quiet: boolean;
  /** Of a test that failed, with its name. */
  readonly maxLines: number;
}

const maxLength = 160;

/** What the parser makes of a stream: a kind, and what belongs to it. Those of a subtest are nested. */
type TapEvent = readonly unknown[];

const isEvents = (value: unknown): value is readonly TapEvent[] =>
  Array.isArray(value) && value.every((event) => Array.isArray(event));

interface Assertion {
  /** Names of the tests around it, the outermost left out. */
  readonly path: readonly string[];
  readonly result: Result;
}

const subtestName = (events: readonly TapEvent[]): string => {
  const [, text] = events.find(([kind]) => kind === 'comment') ?? [];
  return /^# Subtest: (.*)$/m.exec(String(text))?.[1] ?? '';
};

/** All assertions, in order. A test around others is none: it has a time. */
const assertionsIn = (events: readonly TapEvent[], path: readonly string[] = []): Assertion[] =>
  events.flatMap(([kind, value]): Assertion[] => {
    if (kind === 'child' && isEvents(value)) return assertionsIn(value, [...path, subtestName(value)]);
    if (!(kind === 'assert' && value instanceof Result)) return [];
    return value.time === null ? [{ path: path.slice(1), result: value }] : [];
  });

/** What scenarios say beside their checks: where their artifacts are. */
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

/** Lines that are no TAP: what a process printed, or the error that ended it. */
export const linesBesideTap = (text: string): string[] => othersIn(Parser.parse(text));

const isSkip = ({ skip }: Result): boolean => skip !== false;

const isFailure = ({ ok, todo, skip }: Result): boolean => !ok && todo === false && skip === false;

/** The end of a trace, a difference, or whatever tap knows of an assertion of its own. */
const detailsOf = (diagnostics: unknown, maxLines: number): string[] => {
  if (typeof diagnostics !== 'object' || diagnostics === null) return [];
  const { trace, difference, diff } = diagnostics as Readonly<Record<string, unknown>>;
  if (Array.isArray(trace)) return trace.slice(-maxLines).map(String);
  if (Array.isArray(difference)) return difference.map(String);
  if (typeof diff === 'string') return diff.trimEnd().split('\n');
  return Object.entries(diagnostics).flatMap(([key, value]) =>
    typeof value === 'string' && value.includes('\n')
      ? [`${key}:`, ...value.trimEnd().split('\n')]
      : [`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
};

/** The name of a failed assertion, and what belongs to it. */
const describe = ({ path, result }: Assertion, maxDetails: number): string[] => {
  const lines = result.name.split('\n').map((line) => `    ${line}`);
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

/** The last line of a test that is not part of another one. */
const closing = /^(not )?ok \d+/;

/** `print` gets the lines to show, which no terminal acts on. */
export const tapDigest = (print: (line: string) => void, { quiet, maxLines }: DigestOptions): Digest => {
  const sums: TapSums = { total: 0, failed: 0, skipped: 0 };
  let block: string[] = [];

  const count = ({ result }: Assertion): void => {
    sums.total += 1;
    if (isSkip(result)) {
      sums.skipped += 1;
      print(printable(`skipped: ${result.name}: ${result.skip === true ? 'no reason given' : result.skip}`));
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
    const seconds = ((outer.time ?? 0) / 1000).toFixed(1);
    if (!isFailure(outer)) {
      if (!quiet && !isSkip(outer)) print(printable(`✓ ${outer.name}  ${seconds} s`));
      return;
    }
    const failed = assertions.filter(({ result }) => isFailure(result));
    const where = commentsIn(inside).map((line) => shorten(printable(`    ${line}`), maxLength));
    const lines = foldLines([
      ...failed.flatMap((assertion, index) => describe(assertion, index === 0 ? maxLines >> 1 : 0)),
      ...othersIn(inside).map((line) => `    ${line}`),
    ]);
    const room = { maxLines: maxLines - 1 - where.length, maxLength };
    for (const line of [`✗ ${outer.name}  ${seconds} s`, ...fitLines(lines.map(printable), room), ...where])
      print(line);
  };

  return {
    feed: (line) => {
      if (!closing.test(line)) {
        block.push(line);
        return;
      }
      finish(line);
      block = [];
    },
    sums: () => sums,
  };
};
