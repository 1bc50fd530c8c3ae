import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { mutationKey, survivor } from '../testing/mutation-results.js';
import { readMutationRun, writeMutationRun } from './result.js';
import { mutationSummary, resultLine } from './summary.js';
import { reachedLines, reaching } from './usable.js';

const run = {
  ...mutationKey,
  lines: { 'a.c': [1, 2] },
  usable: {
    stop: { hash: 'x', seconds: 1.5, reaches: { 'a.c': [1] } },
    other: { hash: 'y', seconds: 0.8, reaches: { 'a.c': [2] } },
  },
  results: [survivor, { ...survivor, id: 'b', status: 'killed' as const, by: 'stop' }],
};

t.test('a run is read back as it was written, one survivor per line', async (t) => {
  const path = join(t.testdir({}), 'mutants.json');
  t.equal(await readMutationRun(path, mutationKey), undefined);
  await writeMutationRun(path, run);
  t.strictSame(await readMutationRun(path, mutationKey), run);
  t.equal((await readFile(path, 'utf8')).trimEnd().split('\n').length, 4);
});

t.test('results of another driver, kernel, level or format are refused', async (t) => {
  const path = join(t.testdir({}), 'mutants.json');
  await writeMutationRun(path, run);
  const refused = (wanted: typeof mutationKey, message: RegExp) =>
    t.rejects(readMutationRun(path, wanted), { code: 'MUTATION_RESULTS', message });
  await refused({ ...mutationKey, sources: 'def' }, /the driver has changed since/);
  await refused({ ...mutationKey, kernel: '5.10-cloud' }, /its kernel is '6\.12-cloud', not '5\.10-cloud'/);
  await refused({ ...mutationKey, level: 'may' }, /its level is 'should', not 'may'/);
  await writeFile(path, '{"sources":"abc"}');
  await refused(mutationKey, /kernel is missing/);
  await rm(path);
  await mkdir(path);
  await refused(mutationKey, /EISDIR/);
});

t.test('the summary counts conclusive mutants, and lists survivors', async (t) => {
  const text = mutationSummary(run.results, 'mutants.json');
  t.match(text, /survived {2}a\.c:1 f {2}< → <=/);
  t.match(text, /may be equivalent: the value at the limit may never occur/);
  t.match(text, /1 of 2 mutants killed \(50 %\), 1 survived/);
  const many = Array.from({ length: 100 }, (_, index) => ({ ...survivor, id: String(index) }));
  t.match(mutationSummary(many, 'x'), /… and 60 more/);
  t.equal(
    resultLine({ ...survivor, status: 'killed', by: 'stop', before: 'f();', after: ';' }),
    'killed by stop  1.5 s  a.c:1 operator: without f();',
  );
});

t.test('a mutant runs the scenarios that reach its line', async (t) => {
  const at = (line: number) => reaching({ file: 'a.c', line }, run.usable, run.lines);
  t.strictSame(at(1), ['stop']);
  t.strictSame(at(2), ['other']);
  t.strictSame(at(3), ['stop', 'other'], 'a line without code of its own');
  const line = (number: number, ...scenarios: string[]) => ({ line: number, function: 'f', scenarios });
  const files = [{ file: 'a.c', lines: [line(1, 'stop-1'), line(2, 'other'), line(3)], branches: [] }];
  t.strictSame(
    reachedLines(files, (scenario) => scenario.startsWith('stop')),
    { 'a.c': [1] },
  );
});
