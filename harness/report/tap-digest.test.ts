import t from 'tap';
import { tapDigest } from './tap-digest.js';

const stream = `TAP version 14
# Subtest: good
    ok 1 - fine
    1..1
ok 1 - good # time=12.5ms

# Subtest: bad
    ok 1 - fine
    not ok 2 - wrong
      ---
      seen: 3
      ...
    1..2
not ok 2 - bad # time=20ms

# Subtest: half
    ok 1 - later # SKIP no cpio on this host
    1..1
ok 3 - half # time=3ms
1..3
# { total: 4, pass: 2, fail: 1, skip: 1 }`;

const digest = (quiet: boolean) => {
  const said: string[] = [];
  const digest = tapDigest((line) => said.push(line), { quiet });
  for (const line of stream.split('\n')) digest.feed(line);
  return { said, sums: digest.sums() };
};

t.test('assertions are counted, not the tests around them', async (t) => {
  t.same(digest(true).sums, { total: 4, failed: 1, skipped: 1 });
});

t.test('a failure is told whole, a skip with its reason, a pass in a line or not at all', async (t) => {
  const { said } = digest(false);
  t.ok(said.includes('✓ good  0.0 s'));
  t.ok(said.includes('    not ok 2 - wrong'));
  t.ok(said.includes('      seen: 3'));
  t.ok(said.includes('skipped: ok 1 - later # SKIP no cpio on this host'));
  t.notOk(digest(true).said.some((line) => line.startsWith('✓')));
});

t.test('a crash before any test is no failure that could be counted', async (t) => {
  const said: string[] = [];
  const { feed, sums } = tapDigest((line) => said.push(line), { quiet: true });
  feed('Bail out! no such module');
  t.same(sums(), { total: 0, failed: 0, skipped: 0 });
});

t.test('a name that speaks of a skip is none', async (t) => {
  const said: string[] = [];
  const { feed, sums } = tapDigest((line) => said.push(line), { quiet: true });
  feed('    ok 1 - what it printed: ok 1 - later \\# SKIP no cpio');
  feed('    not ok 2 - what it printed: ok 1 - later \\# SKIP no cpio');
  t.same(sums(), { total: 2, failed: 1, skipped: 0 });
  t.strictSame(said, []);
});
