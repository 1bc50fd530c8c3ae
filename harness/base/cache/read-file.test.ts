import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import * as v from 'valibot';
import { readCacheFile } from './read-file.js';

t.test('whatever is in the way of a valid file counts as no file', async (t) => {
  const directory = t.testdir({
    valid: '{"a":1}',
    empty: '',
    cut: '{"a":',
    other: '{"a":"b"}',
    directory: {},
    dangling: t.fixture('symlink', 'nowhere'),
  });
  // Opening a FIFO would never end.
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  const schema = v.object({ a: v.number() });
  for (const name of ['empty', 'cut', 'other', 'directory', 'dangling', 'fifo', 'missing', 'valid/below'])
    t.equal(await readCacheFile(join(directory, name), schema), undefined, name);
  t.strictSame(await readCacheFile(join(directory, 'valid'), schema), { a: 1 });
});
