// Mutation results for people.

import { counted } from '../base/text.js';
import { counts, type MutantResult } from './result.js';

/** The summary shows at most this many survivors; the file has all of them. */
const maxSurvivors = 40;

const change = ({ before, after }: MutantResult): string =>
  after === '' || after === ';' ? `without ${before}` : `${before} → ${after}`;

/** `killed by stop  4.2 s  vmmci_clock.c:25 operator: - → +` */
export const resultLine = (result: MutantResult): string => {
  const { status, by, seconds, file, line, operator } = result;
  const verdict = by === '' ? status : `${status} by ${by}`;
  return `${verdict}  ${seconds.toFixed(1)} s  ${file}:${line} ${operator}: ${change(result)}`;
};

/** The percentage of killed mutants among those that were killed or survived; 0 if there are none. */
export const killedShare = (results: readonly MutantResult[]): number => {
  const { killed, survived } = counts(results);
  return killed + survived === 0 ? 0 : (100 * killed) / (killed + survived);
};

/** `8 of 10 mutants killed (80 %); …` with the survivors. */
export const mutationSummary = (results: readonly MutantResult[], path: string): string => {
  const { killed, survived, equivalent, uncompilable, inconclusive } = counts(results);
  const decided = killed + survived;
  const percent = `${Math.floor(killedShare(results))} %`;
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0) / (results.length || 1);
  const survivors = results.filter(({ status }) => status === 'survived');
  return [
    '',
    ...survivors
      .slice(0, maxSurvivors)
      .flatMap((result) => [
        `survived  ${result.file}:${result.line} ${result.function ?? ''}  ${change(result)}`,
        ...result.hints.map((hint) => `          may be equivalent: ${hint}`),
      ]),
    ...(survivors.length > maxSurvivors ? [`… and ${survivors.length - maxSurvivors} more`] : []),
    '',
    `${killed} of ${counted(decided, 'mutant')} killed (${percent}), ${survived} survived; not counted: ` +
      `${equivalent} with the same object code, ${uncompilable} that do not compile, ${inconclusive} inconclusive`,
    `${seconds.toFixed(1)} s a mutant; results in ${path}`,
  ].join('\n');
};
