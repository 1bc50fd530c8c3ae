import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { asset } from '../../images/asset.js';

t.test('damaged results are refused, and nothing is left behind', async (t) => {
  const directory = t.testdir({ 'mutants.json': '{', temporary: {} });
  const temporary = join(directory, 'temporary');
  const main = new URL('main.js', import.meta.url).pathname;
  const results = join(directory, 'mutants.json');
  const output = join(directory, 'run');
  const { exitCode, stderr } = await execa(
    process.execPath,
    [main, 'mutate', '--driver', asset('driver'), '--output', output, '--results', results],
    { env: { TMPDIR: temporary }, reject: false },
  );
  t.equal(exitCode, 2);
  t.match(stderr, /MUTATION_RESULTS/);
  t.strictSame(await readdir(temporary), []);
});
