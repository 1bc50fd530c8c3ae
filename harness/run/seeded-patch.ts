// Unified diffs of seeded bugs, applied in memory: no line of the context may differ, only the position may have moved.

import { applyPatch, parsePatch, type StructuredPatch } from 'diff';

export interface FilePatch {
  /** As `patch -p1` would have it. */
  readonly path: string;
  readonly patch: StructuredPatch;
}

const only = (patch: StructuredPatch): FilePatch => {
  const [, path] = /^b\/(\S+)$/.exec(patch.newFileName ?? '') ?? [];
  if (path === undefined) throw new Error('a hunk has no line +++ b/PATH before it');
  if (!patch.oldFileName?.startsWith('a/'))
    throw new Error(`${path}: only changes to a file that exists are supported`);
  if (patch.hunks.length === 0) throw new Error(`${path}: there is no hunk`);
  if (patch.hunks.some(({ lines }) => lines.some((line) => line.startsWith('\\'))))
    throw new Error(`${path}: No newline at end of file`);
  return { path, patch };
};

/** Changes to files that exist; no file is made, removed or renamed. Throws an Error that names what is wrong. */
export const parseDiff = (text: string): FilePatch[] => {
  if (text.trim() === '') throw new Error('it changes no file');
  const files = parsePatch(text).map(only);
  // The parser skips what it does not know; a line of a bug that was lost in editing would be lost silently.
  const known = files.flatMap(({ patch }) => patch.hunks.map(({ lines }) => lines.length + 1));
  const count = known.reduce((sum, lines) => sum + lines, 2 * files.length);
  const lines = text.trimEnd().split('\n');
  if (lines.length > count) throw new Error(`line ${count + 1} is no part of a diff: ${lines[count]}`);
  return files;
};

/** The text with all hunks applied. Throws an Error that names the first one that does not fit. */
export const applyHunks = (text: string, { path, patch }: FilePatch): string => {
  const apply = (count: number): string | false =>
    applyPatch(text, { ...patch, hunks: patch.hunks.slice(0, count) }, { autoConvertLineEndings: false });
  const whole = apply(patch.hunks.length);
  if (whole !== false) return whole;
  const bad = patch.hunks.find((_, index) => apply(index + 1) === false);
  throw new Error(`the hunk at line ${bad?.oldStart} of ${path} does not fit`);
};
