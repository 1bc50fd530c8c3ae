// Applies the unified diffs of seeded bugs in memory. Hunks may have moved, but their context must match
// exactly.

import { applyPatch, parsePatch, type StructuredPatch } from 'diff';

export interface FilePatch {
  /** The path without its first component, as for `patch -p1`. */
  readonly path: string;
  readonly patch: StructuredPatch;
}

const toFilePatch = (patch: StructuredPatch): FilePatch => {
  const [, path] = /^b\/(\S+)$/.exec(patch.newFileName ?? '') ?? [];
  if (path === undefined) throw new Error('a hunk has no line +++ b/PATH before it');
  if (!patch.oldFileName?.startsWith('a/'))
    throw new Error(`${path}: only changes to existing files are supported`);
  if (patch.hunks.length === 0) throw new Error(`${path}: it has no hunk`);
  if (patch.hunks.some(({ lines }) => lines.some((line) => line.startsWith('\\'))))
    throw new Error(`${path}: No newline at end of file`);
  return { path, patch };
};

/**
 * Parses a diff of existing files; creating, removing and renaming files is not supported. Throws an Error
 * that names the problem.
 */
export const parseDiff = (text: string): FilePatch[] => {
  if (text.trim() === '') throw new Error('it changes no file');
  const files = parsePatch(text).map(toFilePatch);
  // The parser silently skips unknown lines, so count the lines: an edit must not lose a part of a bug.
  const known = files.flatMap(({ patch }) => patch.hunks.map(({ lines }) => lines.length + 1));
  const count = known.reduce((sum, lines) => sum + lines, 2 * files.length);
  const lines = text.trimEnd().split('\n');
  if (lines.length > count) throw new Error(`line ${count + 1} is not part of a diff: ${lines[count]}`);
  return files;
};

/** Applies all hunks to the text. Throws an Error that names the first hunk that does not apply. */
export const applyHunks = (text: string, { path, patch }: FilePatch): string => {
  const apply = (count: number): string | false =>
    applyPatch(text, { ...patch, hunks: patch.hunks.slice(0, count) }, { autoConvertLineEndings: false });
  const whole = apply(patch.hunks.length);
  if (whole !== false) return whole;
  const bad = patch.hunks.find((_, index) => apply(index + 1) === false);
  throw new Error(`the hunk at line ${bad?.oldStart} of ${path} does not apply`);
};
