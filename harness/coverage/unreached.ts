// The list of lines that no scenario can reach, each with its reason, which an author keeps beside the
// driver.

import { join } from 'node:path';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { ifExists } from '../base/if-exists.js';
import { parseChecked } from '../base/read-checked.js';
import { readInput } from '../base/read-input.js';
import { messageOf } from '../base/thrown.js';
import type { FileCoverage } from './lines.js';

/** The name of the list, which is in the directory of the sources. */
const unreachedFile = 'vmmci-unreached.json';

const schema = v.array(
  v.strictObject({
    file: v.string(),
    function: v.string(),
    /** The line's text without the white space around it: line numbers change too often. */
    line: v.string(),
    reason: v.pipe(v.string(), v.minLength(10)),
  }),
);

export type Unreached = v.InferOutput<typeof schema>[number];

/** Empty if the driver has no list. Rejects with UNREACHED_LIST if it is damaged. */
export const readUnreached = async (driver: string): Promise<Unreached[]> => {
  const path = join(driver, unreachedFile);
  const text = await ifExists(readInput(path)).catch((cause: unknown) => {
    throw new HarnessError('UNREACHED_LIST', { path, reason: messageOf(cause) }, cause);
  });
  const checked = parseChecked(text ?? '[]', schema);
  if ('problem' in checked) throw new HarnessError('UNREACHED_LIST', { path, reason: checked.problem });
  return checked.value;
};

export interface UnreachedLine {
  readonly file: string;
  readonly function: string;
  readonly line: number;
  readonly text: string;
  /** From the list; `undefined` if it has none. */
  readonly reason: string | undefined;
}

const isAbout =
  ({ file, function: name, text }: Omit<UnreachedLine, 'reason'>) =>
  (entry: Unreached): boolean =>
    entry.file === file && entry.function === name && entry.line === text;

/** The lines that no scenario reached, and the entries of the list that are about none of them. */
export const compareUnreached = (
  files: readonly FileCoverage[],
  sources: ReadonlyMap<string, string>,
  list: readonly Unreached[],
): { lines: UnreachedLine[]; stale: Unreached[] } => {
  const lines = files.flatMap(({ file, lines }) => {
    const texts = sources.get(file)?.split('\n') ?? [];
    return lines
      .filter(({ scenarios }) => scenarios.length === 0)
      .map(({ line, function: name }) => {
        const found = { file, function: name, line, text: (texts[line - 1] ?? '').trim() };
        return { ...found, reason: list.find(isAbout(found))?.reason };
      });
  });
  return { lines, stale: list.filter((entry) => !lines.some((line) => isAbout(line)(entry))) };
};
