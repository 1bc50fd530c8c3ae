// The rules that keep the parts apart: who may import whom, and how large a file may be.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type typescript from 'typescript';

/** Not by `import`, which looks through all of its nine megabytes for what they export. */
const ts = createRequire(import.meta.url)('typescript') as typeof typescript;

/** The repository: tests run from dist/harness. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const tops = ['harness', 'images', 'scenarios'];

/** A file of ours, its path from the root. */
interface Source {
  path: string;
  lines: number;
  imports: { from: string; typeOnly: boolean }[];
}

/** What every layer may import; these know nothing of the others. */
const common = ['errors', 'trace'];

/** Each layer with all that it may import besides itself and the common ones. A layer is a folder, or a file beside them. */
const allowed: Readonly<Record<string, readonly string[] | 'anything'>> = {
  errors: [],
  trace: [],
  cache: [],
  socket: [],
  faults: [],
  vmmci: [],
  'vhost-user': ['socket', 'faults'],
  'vfio-user': ['socket', 'faults'],
  pci: ['vmmci', 'vhost-user', 'vfio-user'],
  vmd: ['vmmci', 'socket'],
  'images/asset': [],
  'images/toolroot': ['images/asset', 'cache'],
  'images/kernels': ['images/asset', 'cache', 'images/toolroot'],
  'images/qemu-img': ['images/asset', 'cache', 'images/toolroot'],
  'images/guest': ['images/asset', 'cache', 'images/toolroot', 'images/kernels', 'images/qemu-img'],
  'images/driver': ['images/asset', 'cache', 'images/toolroot', 'images/kernels'],
  'images/distro': [
    'images/asset',
    'cache',
    'images/toolroot',
    'images/kernels',
    'images/qemu-img',
    'images/guest',
  ],
  'images/prepare': ['images/asset', 'cache', 'images/toolroot', 'images/kernels', 'images/guest'],
  qemu: ['cache', 'images/toolroot'],
  guest: ['cache', 'images/toolroot', 'qemu'],
  worker: ['images/asset'],
  report: ['scenario'],
  bench: 'anything',
  matrix: 'anything',
  seeded: [],
  transcript: ['vmmci'],
  scenario: 'anything',
  scenarios: 'anything',
  cli: 'anything',
};

/** What only types may come from: the device's names and shapes are known there, its code is not. */
const typesOnly: Readonly<Record<string, readonly string[]>> = { pci: ['vhost-user'] };

/** Layers that sit on top: nobody below imports them. */
const importableBy: Readonly<Record<string, readonly string[]>> = {
  cli: [],
  bench: ['cli'],
  scenarios: [],
  scenario: ['scenarios', 'report', 'matrix', 'bench', 'cli'],
  report: ['scenarios', 'scenario', 'matrix', 'bench', 'cli'],
  matrix: ['cli'],
  worker: ['matrix', 'cli'],
};

/** The only file that may import koffi: it is native code, and its polling is not documented. */
const KOFFI_USER = 'harness/socket/libc.ts';

const layerOf = (path: string): string => {
  const [top, second = '', third] = path.split('/');
  if (top === 'scenarios') return 'scenarios';
  const name = third === undefined ? second.replace(/(\.test)?\.[jt]s$/, '') : second;
  return top === 'images' ? `images/${name}` : name;
};

const typeOnlyImport = (clause: typescript.ImportClause | undefined): boolean =>
  clause !== undefined &&
  (clause.phaseModifier === ts.SyntaxKind.TypeKeyword ||
    (clause.name === undefined &&
      clause.namedBindings !== undefined &&
      ts.isNamedImports(clause.namedBindings) &&
      clause.namedBindings.elements.every((element) => element.isTypeOnly)));

/** The text to the end of the line where the last import can end: with a string behind one of these words. The rest has none. */
const upToImports = (text: string): string => {
  const last = [...text.matchAll(/\b(?:from|import)\b[^'"`;]*['"`]/g)].at(-1);
  if (last === undefined) return '';
  const end = text.indexOf('\n', last.index + last[0].length);
  return end === -1 ? text : text.slice(0, end);
};

/** Everything that a file imports, exports from elsewhere or loads with `import()`. */
const importsOf = (whole: string, path: string): Source['imports'] => {
  const text = upToImports(whole);
  const imports: Source['imports'] = [];
  const add = (node: typescript.Expression | undefined, typeOnly: boolean): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) imports.push({ from: node.text, typeOnly });
  };
  const visit = (node: typescript.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, typeOnlyImport(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal as typescript.Expression, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    if (deep) ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023);
  // Only these can be inside of a statement.
  const deep = text.includes('import(');
  ts.forEachChild(file, visit);
  return imports;
};

const filesUnder = (top: string): string[] =>
  readdirSync(root, { withFileTypes: true }).some((entry) => entry.name === top)
    ? readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
        .map((name) => join(top, name))
    : [];

const read = (path: string): Source => {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, lines: text.split('\n').length - 1, imports: importsOf(text, path) };
};

/** What is wrong with one import; `undefined` when nothing is. */
const objection = (path: string, from: string, typeOnly: boolean): string | undefined => {
  if (from === 'koffi') return path === KOFFI_USER ? undefined : 'koffi is for one file alone';
  if (!from.startsWith('.')) return undefined;
  const target = relative(root, resolve(root, dirname(path), from));
  const [layer, other] = [layerOf(path), layerOf(target)];
  const isTest = path.endsWith('.test.ts');
  if (/\.test\.js$/.test(target)) return 'a test is not for importing';
  if (layer === other) return undefined;
  const above = importableBy[other];
  if (above !== undefined) return above.includes(layer) ? undefined : `${other} sits on top`;
  if (common.includes(other)) return common.includes(layer) ? `${layer} stands alone` : undefined;
  const edges = allowed[layer];
  if (edges === undefined) return `the layer ${layer} is not in the table`;
  // A test may put real parts from below or beside together; it may not reach the top, which is checked above.
  if (edges === 'anything' || isTest) return undefined;
  if (!edges.includes(other)) return `${layer} does not import ${other}`;
  return typesOnly[layer]?.includes(other) && !typeOnly
    ? `${layer} takes types from ${other}, not code`
    : undefined;
};

const sources = tops.flatMap(filesUnder).map(read);

t.test('imports point downward only', async (t) => {
  t.ok(sources.length > 50, `${sources.length} files looked at`);
  t.ok(sources.some(({ imports }) => imports.some(({ from }) => from === 'koffi')));
  for (const { path, imports } of sources)
    for (const { from, typeOnly } of imports) {
      const problem = objection(path, from, typeOnly);
      if (problem !== undefined) t.fail(`${path} imports ${from}: ${problem}`);
    }
});

t.test('the rules say no', async (t) => {
  const cases: [string, string, boolean, RegExp | undefined][] = [
    ['harness/vmmci/a.ts', '../socket/b.js', true, /vmmci does not import socket/],
    ['harness/vmmci/a.ts', '../trace.js', true, undefined],
    ['harness/pci/a.ts', '../vhost-user/front-end.js', false, /types/],
    ['harness/pci/a.ts', '../vhost-user/front-end.js', true, undefined],
    ['harness/errors.ts', './trace.js', false, /alone/],
    ['harness/qemu/a.ts', '../vmmci/registers.js', false, /qemu does not import vmmci/],
    ['harness/qemu/a.ts', '../../images/toolroot/enter.js', false, undefined],
    ['images/toolroot/a.ts', '../kernels/b.js', false, /does not import/],
    ['harness/guest/a.ts', '../cli/main.js', false, /top/],
    ['harness/guest/a.test.ts', '../cli/main.js', false, /top/],
    ['harness/vhost-user/a.test.ts', '../vmmci/device.js', false, undefined],
    ['harness/vhost-user/a.ts', '../vmmci/device.js', false, /does not import/],
    ['harness/pci/a.ts', 'koffi', false, /one file/],
    ['harness/other/a.ts', '../errors.js', false, undefined],
    ['harness/other/a.ts', '../socket/b.js', false, /not in the table/],
    ['harness/cli/a.ts', '../cli/b.test.js', false, /test/],
  ];
  for (const [path, from, typeOnly, expected] of cases) {
    const said = objection(path, from, typeOnly);
    if (expected === undefined) t.equal(said, undefined, `${path} ${from}`);
    else t.match(said, expected, `${path} ${from}`);
  }
  t.same(
    importsOf(
      "import a, { type B } from './a.js'; import type { C } from './c.js'; import { type D } from './d.js';\n" +
        "export * from './e.js'; export type { F } from './f.js'; const g = await import('./g.js');\n" +
        "let h: import('./h.js').H; import './i.js'; const no = \"import x from './no.js'\";\n" +
        "const k = await import(\n  './k.js'\n); const done = 1;\nconst more = 'nothing';\n",
      'x.ts',
    ).map(({ from, typeOnly }) => `${from}${typeOnly ? ' type' : ''}`),
    [
      './a.js',
      './c.js type',
      './d.js type',
      './e.js',
      './f.js type',
      './g.js',
      './h.js type',
      './i.js',
      './k.js',
    ],
  );
});

t.test('no file is long, and most are short', async (t) => {
  for (const { path, lines } of sources) if (lines > 400) t.fail(`${path} has ${lines} lines`);
  const names = readdirSync(join(root, 'images'), { recursive: true, encoding: 'utf8' });
  const programs = names.filter((name) => /\.[ch]$/.test(name));
  t.ok(programs.length > 10, 'those in C are found');
  for (const name of programs) {
    const lines = readFileSync(join(root, 'images', name), 'utf8').split('\n').length - 1;
    if (lines > 400) t.fail(`images/${name} has ${lines} lines`);
  }
  const sorted = sources.map(({ lines }) => lines).sort((left, right) => left - right);
  const median = sorted[sorted.length >> 1] ?? 0;
  t.ok(median < 100, `the median is ${median} lines`);
});
