import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import t from 'tap';
import { requirements } from './requirements.js';
import { requirementsPage } from './requirements-page.js';

/** The repository: tests run from dist/harness/diagnosis. */
const root = resolve(import.meta.dirname, '../../..');

t.test('docs/requirements.md is up to date (to update it: npm run docs:requirements)', async (t) => {
  t.equal(await readFile(join(root, 'docs/requirements.md'), 'utf8'), requirementsPage());
});

t.test('each requirement is checked by a scenario', async (t) => {
  const files = await readdir(join(root, 'scenarios'), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts')).map((file) => join(root, 'scenarios', file));
  const shared = await readdir(join(root, 'harness/scenario'));
  const checking = shared
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => join(root, 'harness/scenario', file));
  const texts = await Promise.all([...sources, ...checking].map((file) => readFile(file, 'utf8')));
  const checked = new Set(
    texts.flatMap((text) => [...text.matchAll(/\bcheck\(\s*'([a-z-]+)'/g)].map(([, id]) => id)),
  );
  t.strictSame(
    // The build of the driver is checked before any scenario (harness/run/build-failure.ts).
    Object.keys(requirements).filter((id) => !checked.has(id) && id !== 'builds'),
    [],
  );
});
