import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../images/asset.js';

t.test('the build removes what it made of a source that is gone', async (t) => {
  const compiled = (...names: string[]): Record<string, string> =>
    Object.fromEntries(
      names.flatMap((name) => ['.js', '.js.map', '.d.ts'].map((end) => [`${name}${end}`, ''])),
    );
  const cwd = t.testdir({
    harness: { 'kept.ts': '', 'kept.test.ts': '' },
    scenarios: { slow: { 'kept.ts': '' } },
    dist: {
      harness: { ...compiled('kept', 'kept.test', 'gone', 'gone.test'), 'notes.txt': '' },
      scenarios: { slow: compiled('kept', 'gone') },
    },
  });
  execFileSync(process.execPath, [join(packageRoot(), 'remove-stale-output.mjs')], { cwd });
  const left = readdirSync(join(cwd, 'dist'), { recursive: true, encoding: 'utf8' });
  t.strictSame(
    left.filter((name) => name.includes('.')).sort(),
    [
      ...Object.keys(compiled('harness/kept', 'harness/kept.test', 'scenarios/slow/kept')),
      'harness/notes.txt',
    ].sort(),
  );
});
