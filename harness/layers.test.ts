// Checks the structure of the sources: which layer may import which.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type typescript from 'typescript';
import { allowedImports } from './testing/allowed-imports.js';

/** Loaded by `require`, because `import` would search all nine megabytes for exports. */
const ts = createRequire(import.meta.url)('typescript') as typeof typescript;

/** The repository: tests run from dist/harness. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const tops = ['harness', 'images', 'scenarios'];

/** A source file; `path` is relative to the root. */
interface Source {
  path: string;
  imports: { from: string; typeOnly: boolean }[];
}

/** Test support. Only tests import it, it may import anything, and the package does not ship it. */
const TESTING = 'testing';

/** Layers from which another may import only types, not code. */
const typesOnly: Readonly<Record<string, readonly string[]>> = { pci: ['vhost-user'] };

/** The only file that may import koffi, which is native code with undocumented polling. */
const KOFFI_USER = 'harness/host/libc.ts';

const layerOf = (path: string): string => {
  const [top, second = '', third] = path.split('/');
  if (top === 'scenarios') return second === 'shared' ? 'scenarios/shared' : 'scenarios';
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

/**
 * The text up to the end of the last line that can be part of an import. Parsing only this text is faster.
 */
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
  // Only dynamic imports can be nested in other statements.
  const deep = text.includes('import(');
  ts.forEachChild(file, visit);
  return imports;
};

/** The same without a difference between types and code, four times as fast. */
const modulesOf = (text: string): Source['imports'] =>
  ts
    .preProcessFile(upToImports(text), true, false)
    .importedFiles.map(({ fileName }) => ({ from: fileName, typeOnly: false }));

const filesUnder = (top: string): string[] =>
  readdirSync(root, { withFileTypes: true }).some((entry) => entry.name === top)
    ? readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
        .map((name) => join(top, name))
    : [];

const read = (path: string): Source => {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = layerOf(path) in typesOnly ? importsOf(text, path) : modulesOf(text);
  return { path, imports };
};

/** The layers that each layer imports, to find permissions that no file uses. */
const used = new Map<string, Set<string>>();

/** The problem with an import; `undefined` if it is allowed. */
const objection = (path: string, from: string, typeOnly: boolean): string | undefined => {
  if (from === 'koffi') return path === KOFFI_USER ? undefined : 'only one file may import koffi';
  if (!from.startsWith('.')) return undefined;
  const target = relative(root, resolve(root, dirname(path), from));
  const [layer, other] = [layerOf(path), layerOf(target)];
  if (/\.test\.js$/.test(target)) return 'tests must not be imported';
  // A test may combine real parts of any layer.
  if (layer === other || layer === TESTING || path.endsWith('.test.ts')) return undefined;
  if (other === TESTING) return `${path} is not a test`;
  const edges = allowedImports[layer];
  if (edges === undefined) return `the layer ${layer} is not in the table`;
  used.set(layer, (used.get(layer) ?? new Set()).add(other));
  if (!edges.includes(other)) return `${layer} may not import ${other}`;
  return typesOnly[layer]?.includes(other) && !typeOnly
    ? `${layer} may import only types from ${other}`
    : undefined;
};

/**
 * Groups of files that import each other in a circle, by Tarjan's algorithm for strongly connected
 * components.
 */
const cycles = (files: readonly Source[]): string[][] => {
  const edges = new Map(
    files.map(({ path, imports }) => [
      path,
      imports
        .filter(({ from }) => from.startsWith('.'))
        .map(({ from }) => join(dirname(path), from).replace(/\.js$/, '.ts')),
    ]),
  );
  const found: string[][] = [];
  const indices = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (path: string): number => {
    const index = indices.size;
    indices.set(path, index);
    let low = index;
    stack.push(path);
    for (const next of edges.get(path) ?? []) {
      if (!edges.has(next)) continue;
      if (!indices.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, lowest.get(next) ?? indices.get(next) ?? low);
    }
    lowest.set(path, low);
    if (low === index) {
      const group = stack.splice(stack.indexOf(path));
      if (group.length > 1) found.push(group.sort());
    }
    return low;
  };
  for (const path of edges.keys()) if (!indices.has(path)) visit(path);
  return found;
};

const sources = tops.flatMap(filesUnder).map(read);

t.test('imports point downward only', async (t) => {
  t.ok(sources.length > 50, `${sources.length} files were read`);
  t.ok(sources.some(({ imports }) => imports.some(({ from }) => from === 'koffi')));
  for (const { path, imports } of sources)
    for (const { from, typeOnly } of imports) {
      const problem = objection(path, from, typeOnly);
      if (problem !== undefined) t.fail(`${path} imports ${from}: ${problem}`);
    }
  for (const [layer, edges] of Object.entries(allowedImports))
    t.same(
      edges.filter((other) => !used.get(layer)?.has(other)),
      [],
      `${layer}: every permitted import is used`,
    );
});

t.test('no files import each other in a circle', async (t) => {
  t.same(cycles(sources), []);
  const file = (path: string, ...from: string[]) => ({
    path,
    imports: from.map((from) => ({ from, typeOnly: false })),
  });
  t.same(cycles([file('a/a.ts', './b.js'), file('a/b.ts', './c.js'), file('a/c.ts', './a.js', 'tap')]), [
    ['a/a.ts', 'a/b.ts', 'a/c.ts'],
  ]);
  t.same(cycles([file('a/a.ts', './b.js', './c.js'), file('a/b.ts', './c.js'), file('a/c.ts')]), []);
});

t.test('the rules reject forbidden imports', async (t) => {
  const cases: [string, string, boolean, RegExp | undefined][] = [
    ['harness/vmmci/a.ts', '../socket/b.js', true, /vmmci may not import socket/],
    ['harness/vmmci/a.ts', '../base/trace.js', true, undefined],
    ['harness/pci/a.ts', '../vhost-user/front-end.js', false, /types/],
    ['harness/pci/a.ts', '../vhost-user/front-end.js', true, undefined],
    ['harness/base/a.ts', '../socket/b.js', false, /base may not import socket/],
    ['harness/qemu/a.ts', '../vmmci/registers.js', false, /qemu may not import vmmci/],
    ['harness/qemu/a.ts', '../../images/toolroot/enter.js', false, undefined],
    ['images/toolroot/a.ts', '../kernels/b.js', false, /may not import/],
    ['harness/guest/a.ts', '../cli/main.js', false, /guest may not import cli/],
    ['harness/guest/a.ts', '../testing/b.js', false, /not a test/],
    ['harness/guest/a.test.ts', '../testing/b.js', false, undefined],
    ['harness/testing/a.ts', '../cli/b.js', false, undefined],
    ['images/guest/a.ts', '../../harness/qemu/b.js', false, /may not import qemu/],
    ['harness/vhost-user/a.test.ts', '../vmmci/device.js', false, undefined],
    ['harness/vhost-user/a.ts', '../vmmci/device.js', false, /may not import/],
    ['harness/pci/a.ts', 'koffi', false, /one file/],
    ['harness/other/a.ts', '../socket/b.js', false, /not in the table/],
    ['harness/cli/a.ts', '../cli/b.test.js', false, /test/],
  ];
  for (const [path, from, typeOnly, expected] of cases) {
    const actual = objection(path, from, typeOnly);
    if (expected === undefined) t.equal(actual, undefined, `${path} ${from}`);
    else t.match(actual, expected, `${path} ${from}`);
  }
  const text =
    "import a, { type B } from './a.js'; import type { C } from './c.js'; import { type D } from './d.js';\n" +
    "export * from './e.js'; export type { F } from './f.js'; const g = await import('./g.js');\n" +
    "let h: import('./h.js').H; import './i.js'; const no = \"import x from './no.js'\";\n" +
    "const k = await import(\n  './k.js'\n); const done = 1;\nconst more = 'nothing';\n";
  const imports = importsOf(text, 'x.ts');
  t.same(
    imports.map(({ from, typeOnly }) => `${from}${typeOnly ? ' type' : ''}`),
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
  t.same(
    modulesOf(text).map(({ from }) => from),
    imports.map(({ from }) => from),
    'the fast way finds the same modules',
  );
});
