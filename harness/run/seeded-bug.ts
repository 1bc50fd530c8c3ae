// A seeded bug: a small patch to the bundled driver that a scenario must catch.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kernelRow } from '../../images/kernels/table.js';
import { HarnessError } from '../base/errors.js';
import { ifExists } from '../base/if-exists.js';
import { messageOf } from '../base/thrown.js';
import { type CauseId, isCauseId } from '../diagnosis/causes/cause-table.js';
import { applyHunks, type FilePatch, parseDiff } from './seeded-patch.js';

export interface SeededBug {
  /** The file's name without `.patch`. */
  readonly name: string;
  /** What is wrong with the patched driver, in one sentence. */
  readonly bug: string;
  /** Why a developer might make this mistake. */
  readonly why: string;
  /** The names of the scenarios, each of which must catch it. */
  readonly caughtBy: readonly string[];
  /** The fastest kernel that shows the bug, if an ordinary kernel does not. */
  readonly kernel?: string | undefined;
  /**
   * The causes of which one must be named, and no other than these; empty if nothing that a scenario leaves
   * behind can show the cause.
   */
  readonly causes: readonly CauseId[];
  readonly files: readonly FilePatch[];
}

const suffix = '.patch';

/**
 * True if the word is a part of the bug's name, or the kernel that the bug needs. A word that begins with a
 * digit is a number, so `51-` does not select bug 251.
 */
export const isSelectedBy = (word: string, { name, kernel }: Pick<SeededBug, 'name' | 'kernel'>): boolean =>
  kernel === word || (/^\d/.test(word) ? name.startsWith(word) : name.includes(word));

const orBugError = <T>(file: string, step: () => T): T => {
  try {
    return step();
  } catch (error) {
    throw new HarnessError('SEEDED_BUG', {
      file,
      reason: messageOf(error),
    });
  }
};

/** Parses the optional header line `Kernel`. Throws SEEDED_BUG for an unknown kernel. */
const parseKernel = (file: string, header: string): string | undefined => {
  const name = /^Kernel: (\S.*)$/m.exec(header)?.[1]?.trim();
  return name === undefined ? undefined : orBugError(file, () => kernelRow(name).name);
};

/** `features-not-written`, several with commas between, or `none: …` with the reason. Throws SEEDED_BUG. */
const parseCauses = (file: string, text: string): CauseId[] => {
  if (/^none: \S/.test(text)) return [];
  return text.split(/,\s*/).map((id) => {
    if (isCauseId(id)) return id;
    const reason = `the cause ${id} is not in the table in harness/diagnosis/causes; 'none: REASON' if there can be none`;
    throw new HarnessError('SEEDED_BUG', { file, reason });
  });
};

/** Parses the content of `file`: a header of four fields, and a diff. Throws SEEDED_BUG. */
export const parseBug = (file: string, text: string): SeededBug => {
  const start = text.search(/^--- a\//m);
  if (start < 0) throw new HarnessError('SEEDED_BUG', { file, reason: "no line begins with '--- a/'" });
  const header = text.slice(0, start);
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: (\\S.*)$`, 'm').exec(header)?.[1]?.trim();
    if (value === undefined)
      throw new HarnessError('SEEDED_BUG', { file, reason: `the header has no line '${name}: …'` });
    return value;
  };
  return {
    name: file.slice(0, -suffix.length),
    bug: field('Bug'),
    why: field('Why'),
    caughtBy: field('Caught-by').split(/,\s*/),
    kernel: parseKernel(file, header),
    causes: parseCauses(file, field('Cause')),
    files: orBugError(file, () => parseDiff(text.slice(start))),
  };
};

/**
 * All bugs in `directory`, sorted by name. Rejects with SEEDED_BUGS_ABSENT if the directory does not exist.
 */
export const readBugs = async (directory: string): Promise<SeededBug[]> => {
  const names = await ifExists(readdir(directory));
  if (names === undefined) throw new HarnessError('SEEDED_BUGS_ABSENT', { directory });
  const files = names.filter((name) => name.endsWith(suffix)).sort();
  return Promise.all(
    files.map(async (file) => parseBug(file, await readFile(join(directory, file), 'utf8'))),
  );
};

/** Applies the bug to the sources, a map by path. Throws SEEDED_BUG if the patch does not apply. */
export const applyBug = (
  { name, files }: SeededBug,
  sources: ReadonlyMap<string, string>,
): Map<string, string> => {
  const patched = new Map(sources);
  for (const file of files) {
    const text = patched.get(file.path);
    if (text === undefined)
      throw new HarnessError('SEEDED_BUG', {
        file: name + suffix,
        reason: `it changes ${file.path}, which is not a file of the driver`,
      });
    patched.set(
      file.path,
      orBugError(name + suffix, () => applyHunks(text, file)),
    );
  }
  return patched;
};
