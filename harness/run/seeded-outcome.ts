// What became of a seeded bug, judged by what the scenarios said.
import { firstLine } from '../base/text.js';
import type { SeededBug } from './seeded-bug.js';

/** The part of a scenario's result that counts here. */
export interface Witness {
  readonly scenario: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  /** The causes that were named. */
  readonly causes?: readonly { readonly id: string }[] | undefined;
}

/**
 * `caught`: a scenario that the bug names failed. `elsewhere`: none of those did, another one: the bug names the wrong one.
 * `survived`: all passed. `broken`: the harness could not tell.
 */
export type Fate = 'caught' | 'elsewhere' | 'survived' | 'broken';

export interface Outcome {
  readonly bug: string;
  readonly fate: Fate;
  /** The scenario that decided it; empty when none did. */
  readonly by: string;
  /** The line of the check that failed first, or why it is not known. */
  readonly line: string;
  /** The causes that were named of that scenario's failure. */
  readonly causes: readonly string[];
  readonly seconds: number;
}

/** A scenario that is broken or was skipped proves nothing, so it is never a catch. */
export const judge = (
  { name, caughtBy }: Pick<SeededBug, 'name' | 'caughtBy'>,
  witnesses: readonly Witness[],
  seconds: number,
): Outcome => {
  const failed = witnesses.filter(({ verdict }) => verdict === 'failed');
  const named = failed.find(({ scenario }) => caughtBy.includes(scenario));
  const mute = witnesses.find(({ verdict }) => verdict === 'broken' || verdict === 'skipped');
  const missing = caughtBy.find((name) => witnesses.every(({ scenario }) => scenario !== name));
  const outcome = (fate: Fate, witness?: Witness, line = firstLine(witness?.reasons[0])): Outcome => ({
    bug: name,
    fate,
    by: witness?.scenario ?? '',
    line,
    causes: (witness?.causes ?? []).map(({ id }) => id),
    seconds,
  });
  if (named) return outcome('caught', named);
  if (mute) return outcome('broken', mute);
  if (missing !== undefined) return outcome('broken', undefined, `scenario ${missing} left no result`);
  const other = failed[0];
  if (other) return outcome('elsewhere', other);
  return outcome('survived', undefined, `${caughtBy.join(', ')} saw nothing`);
};
