import t from 'tap';
import { judgeBug, type ScenarioSummary } from './seeded-result.js';

const bug = { name: '01-x', caughtBy: ['stop', 'sync-rtc'] };
const summary = (scenario: string, verdict: string, ...reasons: string[]): ScenarioSummary => ({
  scenario,
  verdict,
  reasons,
});
const passed = [summary('stop', 'passed'), summary('sync-rtc', 'passed')];

t.test('only a scenario that the bug names can catch it', async (t) => {
  t.match(judgeBug(bug, [summary('stop', 'passed'), summary('sync-rtc', 'failed', 'a: 1\nmore', 'b')], 2), {
    bug: '01-x',
    status: 'caught',
    by: 'sync-rtc',
    line: 'a: 1',
    seconds: 2,
  });
  t.match(judgeBug(bug, [...passed, summary('drift', 'failed', 'c')], 1), {
    status: 'caught elsewhere',
    by: 'drift',
  });
  t.match(judgeBug(bug, passed, 1), { status: 'survived', by: '', line: 'stop, sync-rtc did not fail' });
});

t.test('broken and skipped scenarios are inconclusive', async (t) => {
  const [stop = summary('', '')] = passed;
  t.match(judgeBug(bug, [stop, summary('sync-rtc', 'broken', 'QEMU')], 1), {
    status: 'broken',
    line: 'QEMU',
  });
  t.match(judgeBug(bug, [stop, summary('sync-rtc', 'skipped', 'no clock')], 1), { status: 'broken' });
  t.match(judgeBug(bug, [stop], 1), { status: 'broken', line: /sync-rtc left no result/ });
  t.match(judgeBug(bug, [], 1), { status: 'broken' });
  t.match(
    judgeBug(bug, [summary('stop', 'failed', 'x'), summary('sync-rtc', 'broken', 'QEMU')], 1),
    { status: 'caught', by: 'stop' },
    'a broken scenario does not undo a catch',
  );
});
