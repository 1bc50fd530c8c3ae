// Unified diffs, applied in memory and strictly: a context line that differs is an error, only the place may have moved.

export interface Hunk {
  /** The line, from 1, where it was when the diff was made. */
  readonly line: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface FilePatch {
  /** As `patch -p1` would have it. */
  readonly path: string;
  readonly hunks: readonly Hunk[];
}

const fileLine = /^\+\+\+ b\/(\S+)$/;
const hunkLine = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/** Changes to files that exist; no file is made, removed or renamed. Throws an Error that says which line is wrong. */
export const parseDiff = (text: string): FilePatch[] => {
  const lines = text.replace(/\n$/, '').split('\n');
  const files: { path: string; hunks: Hunk[] }[] = [];
  for (let index = 0; index < lines.length; ) {
    const line = lines[index++] ?? '';
    const path = fileLine.exec(line)?.[1];
    if (path !== undefined) files.push({ path, hunks: [] });
    if (path !== undefined || line === '' || line.startsWith('--- a/')) continue;
    const [, start, left = '1', right = '1'] = hunkLine.exec(line) ?? [];
    const file = files.at(-1);
    if (start === undefined || file === undefined)
      throw new Error(`line ${index} is no part of a diff: ${line}`);
    const before: string[] = [];
    const after: string[] = [];
    while (before.length < Number(left) || after.length < Number(right)) {
      const body = lines[index++];
      const mark = body?.[0] ?? ' ';
      if (body === undefined || !' +-'.includes(mark)) throw new Error(`line ${index} is no line of a hunk`);
      if (mark !== '+') before.push(body.slice(1));
      if (mark !== '-') after.push(body.slice(1));
    }
    if (before.length !== Number(left) || after.length !== Number(right))
      throw new Error(`the hunk at line ${start} of ${file.path} has not as many lines as it says`);
    file.hunks.push({ line: Number(start), before, after });
  }
  if (files.length === 0) throw new Error('it changes no file');
  return files;
};

const fits = (lines: readonly string[], at: number, before: readonly string[]): boolean =>
  before.every((line, index) => lines[at + index] === line);

/** Where `before` is, nearest to `wanted`; −1 when nowhere. */
const find = (lines: readonly string[], wanted: number, before: readonly string[]): number => {
  for (let away = 0; away <= lines.length; away++) {
    for (const at of [wanted - away, wanted + away]) if (at >= 0 && fits(lines, at, before)) return at;
  }
  return -1;
};

/** The text with all hunks applied. Throws an Error that names the first one that does not fit. */
export const applyHunks = (text: string, { path, hunks }: FilePatch): string => {
  const lines = text.split('\n');
  let shift = 0;
  for (const { line, before, after } of hunks) {
    const wanted = line - 1 + shift;
    const at = find(lines, wanted, before);
    if (at < 0) throw new Error(`the hunk at line ${line} of ${path} does not fit`);
    lines.splice(at, before.length, ...after);
    shift = at - (line - 1) + after.length - before.length;
  }
  return lines.join('\n');
};
