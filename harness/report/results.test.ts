import { join } from 'node:path';
import t from 'tap';
import { readResults } from './results.js';

t.test('a scenario without a result is broken, or skipped if the run was interrupted', async (t) => {
  const run = t.testdir({ kernel: { ended: {}, half: { 'result.json': '{"scenario":"half"' } } });
  t.match(await readResults(run), [
    { scenario: 'ended', verdict: 'broken', reasons: [/result\.json is damaged: the file is missing/] },
    { scenario: 'half', verdict: 'broken', reasons: [/result\.json is damaged: not JSON/] },
  ]);
  t.match(await readResults(run, 'interrupted by SIGINT'), [
    { scenario: 'ended', verdict: 'skipped', reasons: ['interrupted by SIGINT'] },
    { scenario: 'half', verdict: 'broken', directory: join(run, 'kernel/half') },
  ]);
  t.strictSame(await readResults(join(run, 'nothing')), []);
});

t.test('names the full file system on which a scenario could not write its result', async (t) => {
  // Nothing is ever free below /proc.
  const [first] = await readResults('/proc/sys');
  t.match(first, {
    verdict: 'broken',
    reasons: [/^no space left on the file system \/proc.* \(0 MB free\): .*result\.json is damaged/],
  });
});
