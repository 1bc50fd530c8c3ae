import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { codeOf, HarnessError, hasCode } from './errors.js';

t.test('the message contains the fields, and the error keeps them', async (t) => {
  const error = new HarnessError('QMP_TIMEOUT', { what: 'greeting', ms: 1500 });
  t.match(error, { message: 'QMP: no greeting within 1.5 s', code: 'QMP_TIMEOUT', blame: 'broken' });
  t.equal(error.fields.ms, 1500);
  t.notOk('cause' in error);
  const cause = new Error('why');
  t.equal(new HarnessError('SOCKET_IN_USE', { path: '/p' }, cause).cause, cause);
});

t.test('the error keeps a detail that the message does not show', async (t) => {
  const error = new HarnessError('PROTOCOL', { protocol: 'vfio-user', reason: 'no such region', errno: 22 });
  t.equal(error.message, 'vfio-user: no such region');
  t.equal(error.fields.errno, 22);
});

t.test('the compiler requires exactly the fields of the message', async (t) => {
  // @ts-expect-error: `ms` is missing
  t.ok(new HarnessError('QMP_TIMEOUT', { what: 'greeting' }));
  // @ts-expect-error: the message has no `path`
  t.ok(new HarnessError('QMP_TIMEOUT', { what: 'greeting', ms: 1, path: '/p' }));
  // @ts-expect-error: a field must have a value
  t.ok(new HarnessError('SOCKET_IN_USE', { path: undefined }));
});

t.test('codeOf and hasCode recognize only errors of the harness', async (t) => {
  const error: unknown = new HarnessError('SOCKET_IO', { call: 'connect', path: '/p', errno: 'ENOENT' });
  t.equal(codeOf(error), 'SOCKET_IO');
  t.equal(codeOf(new Error('unexpected')), undefined);
  t.ok(hasCode(error, 'SOCKET_IO') && error.fields.call === 'connect');
  t.notOk(hasCode(error, 'SOCKET_IN_USE'));
});

const top = fileURLToPath(new URL('../../..', import.meta.url));
const sources = ['harness', 'images', 'scenarios']
  .flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(top, path), 'utf8') }));
const table = sources.find(({ path }) => path === 'harness/base/errors.ts');
const codes = [...(table?.text ?? '').matchAll(/^ {2}([A-Z_]+): \{/gm)].map(([, code = '']) => code);

t.test('the code throws each error of the table', async (t) => {
  t.ok(codes.length > 50, `${codes.length} codes`);
  const thrown = sources.flatMap(({ text }) =>
    [...text.matchAll(/'([A-Z][A-Z_]+)'/g)].map(([, code]) => code),
  );
  const known = new Set(thrown);
  t.same(
    codes.filter((code) => !known.has(code)),
    [],
  );
});

t.test('no comment names an error that does not exist', async (t) => {
  // These names begin like an error code but belong to specifications.
  const foreignNames = ['DRIVER_OK', 'CLOCK_REALTIME', 'CLOCK_MONOTONIC', 'CLOCK_MONOTONIC_RAW'];
  const prefixes = new Set(codes.map((code) => code.split('_', 1)[0]));
  const known = new Set([...codes, ...foreignNames]);
  const wrong = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/(?:\/\/|^\s*\/?\*).*$/gm)]
      .flatMap(([comment]) => comment.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [])
      .filter((word) => prefixes.has(word.split('_', 1)[0]) && !known.has(word))
      .map((word) => `${path}: ${word}`),
  );
  t.same(wrong, []);
});

/** A code, or the beginning that a group of codes has in common: `HOST_…`. */
const code = "[A-Z][A-Z_]*(?:[A-Z]|_…)(?![A-Za-z'])";
const promise = new RegExp(
  `\\b(Rejects with|rejects with|Throws|throws) (${code}(?:(?:,|,? (?:and|or)) ${code})*)`,
  'g',
);

/** The comment as one line. */
const joined = (comment: string): string => comment.replaceAll(/\n\s*\*? ?/g, ' ');

t.test('a doc comment promises only errors of the table', async (t) => {
  const exists = (word: string): boolean =>
    word.endsWith('…') ? codes.some((known) => known.startsWith(word.slice(0, -1))) : codes.includes(word);
  const wrongIn = (text: string): string[] =>
    [...text.matchAll(/\/\*\*.*?\*\//gs)]
      .flatMap(([comment]) => [...joined(comment).matchAll(promise)])
      .flatMap(([, , words = '']) => words.match(new RegExp(code, 'g')) ?? [])
      .filter((word) => !exists(word));
  t.same(
    sources.flatMap(({ path, text }) => wrongIn(text).map((word) => `${path}: ${word}`)),
    [],
  );
  t.same(wrongIn('/** Rejects with QTEST, GUEST_REED or PROTOKOL if it fails. */'), [
    'GUEST_REED',
    'PROTOKOL',
  ]);
  t.same(wrongIn('/**\n * Fails early. Throws HOST_… or\n * TOOL_… */'), ['TOOL_…']);
});

t.test('a doc comment says with a verb that a function fails with an error', async (t) => {
  const wrongIn = (text: string): string[] =>
    [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap(([comment]) =>
      [...joined(comment).matchAll(/(?:^\/\*\*|[.;]) +([A-Z_]+)(?= if| for|,|\.|;| or| as)/g)]
        .map(([, word = '']) => word)
        .filter((word) => codes.includes(word)),
    );
  t.same(
    sources.flatMap(({ path, text }) => wrongIn(text).map((word) => `${path}: ${word}`)),
    [],
  );
  t.same(wrongIn('/** Reads a file. GUEST_READ if it is damaged; HOST_SPACE. */'), [
    'GUEST_READ',
    'HOST_SPACE',
  ]);
});

t.test('a function that returns a promise rejects, and any other throws', async (t) => {
  const wrongIn = (text: string): string[] =>
    [...text.matchAll(/(\/\*\*(?:(?!\*\/).)*\*\/)\s*(.*?(?:=>|[{;]$))/gms)].flatMap(
      ([, comment = '', declaration = '']) => {
        const [, verb = ''] = new RegExp(promise.source).exec(joined(comment)) ?? [];
        const wrong = /\basync\b|Promise\b/.test(declaration)
          ? verb === 'Throws'
          : verb === 'Rejects with' && /\): .*(?:=>|\{)$/s.test(declaration);
        return wrong ? [declaration] : [];
      },
    );
  t.same(
    sources.flatMap(({ path, text }) => wrongIn(text).map((declaration) => `${path}: ${declaration}`)),
    [],
  );
  t.same(wrongIn('/** Throws QTEST. */\nexport const f = async () => {\n'), ['export const f = async () =>']);
  t.same(wrongIn('/** Rejects with QTEST. */\nread(): string {\n'), ['read(): string {']);
  t.same(wrongIn('/** Throws QTEST. */\nexport const f = (): void => {\n'), []);
});
