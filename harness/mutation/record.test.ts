import { join } from 'node:path';
import t from 'tap';
import { mutationKey, survivor } from '../testing/mutation-results.js';
import { MutationRecord } from './record.js';
import { type MutantResult, readMutationRun } from './result.js';

const resultOf = (id: string, status: MutantResult['status']): MutantResult => ({ ...survivor, id, status });

t.test('results that come at once are all in the file, the newest of each mutant', async (t) => {
  const path = join(t.testdir({}), 'mutants.json');
  const record = await MutationRecord.open(path, mutationKey);
  t.strictSame(record.run, { ...mutationKey, lines: {}, usable: {}, results: [] });
  const stop = { hash: 'x', seconds: 1.5, reaches: { 'a.c': [1] } };
  await Promise.all([
    record.addPrepared({ lines: { 'a.c': [1] }, usable: { stop } }),
    record.addResult(resultOf('one', 'survived')),
    record.addResult(resultOf('two', 'killed')),
    record.addResult(resultOf('one', 'killed')),
  ]);
  await record.addPrepared({ lines: { 'a.c': [1, 2] }, usable: { other: stop } });
  const expected = {
    ...mutationKey,
    lines: { 'a.c': [1, 2] },
    usable: { stop, other: stop },
    results: [resultOf('two', 'killed'), resultOf('one', 'killed')],
  };
  t.strictSame(record.run, expected);
  t.strictSame(await readMutationRun(path, mutationKey), expected);
  t.strictSame(record.of(new Set(['one'])), [resultOf('one', 'killed')]);
  t.strictSame((await MutationRecord.open(path, mutationKey)).run, expected, 'the next run continues there');
  await t.rejects(MutationRecord.open(path, { ...mutationKey, sources: 'other' }), {
    code: 'MUTATION_RESULTS',
  });
});
