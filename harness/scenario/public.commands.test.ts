// docs/api.md is what the doc comments of the public API say. A change of the API shows as a change of that
// file.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { packageRoot } from '../../images/asset.js';

t.setTimeout(300_000);

t.test('docs/api.md is up to date (to update it: npm run docs:api)', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-api-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await execa('npm', ['run', '--silent', 'docs:api', '--', '--out', directory], { cwd: packageRoot() });
  const [made, kept] = await Promise.all(
    [directory, join(packageRoot(), 'docs')].map((path) => readFile(join(path, 'api.md'), 'utf8')),
  );
  t.equal(kept, made);
});
