import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import t from 'tap';
import { newRunDirectory } from './run-directory.js';

t.test('each run gets its own directory, and the names sort by time', (t) => {
  const parent = t.testdir({});
  const now = new Date('2026-01-02T03:04:05.678Z');
  const names = [1, 2, 3].map(() => basename(newRunDirectory(parent, now)));
  t.strictSame(names, ['2026-01-02T03.04.05', '2026-01-02T03.04.05-2', '2026-01-02T03.04.05-3']);
  newRunDirectory(parent, new Date('2026-01-02T03:04:06Z'));
  t.strictSame(readdirSync(parent).sort(), [...names, '2026-01-02T03.04.06']);
  t.end();
});
