// Checks the form of the sources: their length, the width of comments, and the comment at the head of each
// file.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../images/asset.js';

const maxColumns = 110;

const isSource = (name: string): boolean => /\.(?:ts|mjs|c|h)$/.test(name);

const isComment = (line: string): boolean => /^\s*(?:\/[/*]|\*)/.test(line);

/** A tab is shown as eight columns where it is used, at the begin of a line. */
const columnsOf = (line: string): number => line.replaceAll('\t', ' '.repeat(8)).length;

/** The numbers of the lines with comments that are too wide. */
const wideComments = (text: string): number[] =>
  text
    .split('\n')
    .flatMap((line, index) => (isComment(line) && columnsOf(line) > maxColumns ? [index + 1] : []));

/** The problem with the head of a TypeScript file; `undefined` if there is none. */
const headProblem = (text: string, isTest: boolean): string | undefined => {
  const lines = text.split('\n');
  if (lines[0]?.startsWith('#!')) lines.shift();
  const count = lines.findIndex((line) => !line.startsWith('//'));
  if (count === 0) return isTest ? undefined : 'no comment says what the file is';
  if (count > 3) return `a head comment of ${count} lines`;
  return lines[count] === '' ? undefined : 'no blank line after the head comment';
};

const paths = ['harness', 'images', 'scenarios'].flatMap((top) =>
  readdirSync(join(packageRoot(), top), { recursive: true, encoding: 'utf8' })
    .filter(isSource)
    .map((name) => join(top, name)),
);

const sources = paths.map((path) => ({ path, text: readFileSync(join(packageRoot(), path), 'utf8') }));

const lengthOf = ({ text }: { readonly text: string }): number => text.split('\n').length - 1;

t.test('no file is long, and most are short', async (t) => {
  const programs = sources.filter(({ path }) => /^images\/.*\.[ch]$/.test(path));
  t.ok(programs.length > 10, 'the C files were found');
  for (const source of sources)
    if (lengthOf(source) > 400) t.fail(`${source.path} has ${lengthOf(source)} lines`);
  const sorted = sources
    .filter(({ path }) => path.endsWith('.ts'))
    .map(lengthOf)
    .sort((left, right) => left - right);
  const median = sorted[sorted.length >> 1] ?? 0;
  t.ok(median < 100, `the median is ${median} lines`);
});

t.test(`comments are at most ${maxColumns} columns wide`, async (t) => {
  t.ok(sources.length > 500, `${sources.length} files were read`);
  t.strictSame(
    sources.flatMap(({ path, text }) => wideComments(text).map((line) => `${path}:${line}`)),
    [],
  );
  const wide = 'x'.repeat(maxColumns - 2);
  t.strictSame(
    wideComments(`//${wide}\n// ${wide}\n${wide}${wide}\n\t * ${wide}\n${' '.repeat(9)}*/`),
    [2, 4],
  );
});

t.test('each file says in its first three lines what it is', async (t) => {
  t.strictSame(
    sources
      .filter(({ path }) => path.endsWith('.ts'))
      .flatMap(({ path, text }) => {
        const problem = headProblem(text, path.endsWith('.test.ts'));
        return problem === undefined ? [] : [`${path}: ${problem}`];
      }),
    [],
  );
  t.strictSame(
    [
      "import 'a';\n",
      '// A.\n\nimport',
      '#!/x\n// A.\n\n',
      '// A.\nimport',
      '// A\n// b\n// c\n// d.\n\n',
    ].map((text) => headProblem(text, false)),
    [
      'no comment says what the file is',
      undefined,
      undefined,
      'no blank line after the head comment',
      'a head comment of 4 lines',
    ],
  );
});
