// A seeded bug: a small patch to the bundled driver that some scenario has to catch.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import { applyHunks, type FilePatch, parseDiff } from './seeded-patch.js';

export interface SeededBug {
  /** The file's name without `.patch`. */
  readonly name: string;
  /** What is wrong with the driver, one sentence. */
  readonly bug: string;
  /** Why somebody would write it. */
  readonly why: string;
  /** The scenarios each of which must catch it, by name. */
  readonly caughtBy: readonly string[];
  readonly files: readonly FilePatch[];
}

const suffix = '.patch';

const refusing = <T>(file: string, step: () => T): T => {
  try {
    return step();
  } catch (error) {
    throw new HarnessError('SEEDED_BUG', {
      file,
      reason: messageOf(error),
    });
  }
};

/** `text` is the content of `file`, a head of three fields and a diff. SEEDED_BUG if it is not. */
export const parseBug = (file: string, text: string): SeededBug => {
  const start = text.search(/^--- a\//m);
  if (start < 0)
    throw new HarnessError('SEEDED_BUG', { file, reason: 'it has no line that begins with --- a/' });
  const head = text.slice(0, start);
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: (\\S.*)$`, 'm').exec(head)?.[1]?.trim();
    if (value === undefined)
      throw new HarnessError('SEEDED_BUG', { file, reason: `its head has no line '${name}: …'` });
    return value;
  };
  return {
    name: file.slice(0, -suffix.length),
    bug: field('Bug'),
    why: field('Why'),
    caughtBy: field('Caught-by').split(/,\s*/),
    files: refusing(file, () => parseDiff(text.slice(start))),
  };
};

/** All bugs in `directory`, by name. SEEDED_BUGS_ABSENT if there is no such directory. */
export const readBugs = async (directory: string): Promise<SeededBug[]> => {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new HarnessError('SEEDED_BUGS_ABSENT', { directory }, cause);
  });
  const files = names.filter((name) => name.endsWith(suffix)).sort();
  return Promise.all(
    files.map(async (file) => parseBug(file, await readFile(join(directory, file), 'utf8'))),
  );
};

/** The sources with the bug in them; `sources` is by path. SEEDED_BUG if the patch does not fit them. */
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
        reason: `it changes ${file.path}, which the driver does not have`,
      });
    patched.set(
      file.path,
      refusing(name + suffix, () => applyHunks(text, file)),
    );
  }
  return patched;
};
