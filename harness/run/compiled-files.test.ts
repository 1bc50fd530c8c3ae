import { join } from 'node:path';
import t from 'tap';
import { compiledFiles } from './compiled-files.js';

t.test('a compiled file without a source is left out', async (t) => {
  const directory = t.testdir({
    dist: { 'b.test.js': '', 'a.test.js': '', 'gone.test.js': '', 'c.js': '', d: { 'e.test.js': '' } },
    harness: { 'a.test.ts': '', 'b.test.ts': '', 'c.ts': '', d: { 'e.test.ts': '' } },
  });
  const [compiled, sources] = [join(directory, 'dist'), join(directory, 'harness')];
  t.strictSame(
    await compiledFiles(compiled, sources, (name) => name.endsWith('.test.js')),
    ['a.test.js', 'b.test.js', 'd/e.test.js'].map((name) => join(compiled, name)),
  );
});

t.test('an installed package has no sources, so all compiled files count', async (t) => {
  const directory = t.testdir({ dist: { 'a.js': '', 'b.test.js': '' } });
  const compiled = join(directory, 'dist');
  t.strictSame(await compiledFiles(compiled, join(directory, 'none'), () => true), [
    join(compiled, 'a.js'),
    join(compiled, 'b.test.js'),
  ]);
  await t.rejects(
    compiledFiles(join(directory, 'none'), directory, () => true),
    { code: 'ENOENT' },
  );
});
