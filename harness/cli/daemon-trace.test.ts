import { readdirSync } from 'node:fs';
import t from 'tap';
import { daemonTrace } from './daemon-trace.js';

t.test('more events than memory holds are answered from disk, and nothing is left', async (t) => {
  const directory = t.testdir();
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  t.teardown(() => {
    process.env.TMPDIR = before;
    if (before === undefined) delete process.env.TMPDIR;
  });
  const { trace, remove } = daemonTrace();
  const events = 30_000;
  for (let index = 0; index < events; index++)
    trace.sink({ kind: 'bar-read', offset: 19, width: 1, value: 0 });
  t.equal(trace.since(0, 'bar-read').length, events);
  t.equal(readdirSync(directory).length, 1);
  remove();
  t.strictSame(readdirSync(directory), []);
});
