// Finds all mutants of a driver's sources, and applies one.

import { functionOf, nodesOf, parseC } from '../c-source/syntax.js';
import { applyEdit, type Edit } from './edit.js';
import { constantsIn, type OperatorName, operators } from './operators.js';

export interface Mutant {
  /** `vmmci_clock.c:25:14 operator - → +`; unique within the sources. */
  readonly id: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly operator: OperatorName;
  /** The function that is changed; absent outside of functions. */
  readonly function?: string | undefined;
  readonly edit: Edit;
  readonly before: string;
  readonly after: string;
}

const isSource = (name: string): boolean => /\.[ch]$/.test(name);

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const mutantsOf = async (
  file: string,
  text: string,
  constants: readonly string[],
): Promise<readonly Mutant[]> => {
  const found = new Map<string, Mutant>();
  for (const node of nodesOf(await parseC(text)))
    for (const [operator, find] of Object.entries(operators))
      for (const edit of find(node, { constants })) {
        const lines = text.slice(0, edit.start).split('\n');
        const line = lines.length;
        const column = (lines.at(-1)?.length ?? 0) + 1;
        const before = oneLine(text.slice(edit.start, edit.end));
        const after = oneLine(edit.text);
        const id = `${file}:${line}:${column} ${operator} ${before} → ${after}`;
        // Two operators may make the same change.
        const key = `${edit.start} ${edit.end} ${edit.text}`;
        const name = functionOf(node);
        const change = { id, file, line, column, operator: operator as OperatorName, edit, before, after };
        if (!found.has(key)) found.set(key, { ...change, ...(name !== undefined && { function: name }) });
      }
  return [...found.values()];
};

/** All mutants of the C files among the sources, in the order of files and lines. */
export const findMutants = async (sources: ReadonlyMap<string, string>): Promise<Mutant[]> => {
  const files = [...sources].filter(([name]) => isSource(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  const constants = constantsIn(files.map(([, text]) => text).join('\n'));
  const mutants: Mutant[] = [];
  for (const [file, text] of files) mutants.push(...(await mutantsOf(file, text, constants)));
  return mutants.sort((a, b) => (a.file === b.file ? a.edit.start - b.edit.start : 0));
};

/** The sources with that one change. */
export const applyMutant = (
  sources: ReadonlyMap<string, string>,
  { file, edit }: Mutant,
): Map<string, string> => {
  const text = sources.get(file);
  if (text === undefined) throw new Error(`${file} is not one of the sources`);
  return new Map(sources).set(file, applyEdit(text, edit));
};
