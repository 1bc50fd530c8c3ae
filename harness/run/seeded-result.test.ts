import t from 'tap';
import { judgeBug, type ScenarioSummary } from './seeded-result.js';

const bug = {
  name: '01-x',
  caughtBy: ['stop', 'sync-rtc'],
  causes: ['acknowledged-late', 'acknowledged-twice'],
} as const;
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

t.test('the causes of all scenarios are compared with those that the bug expects', async (t) => {
  const failed = (scenario: string, ...ids: string[]): ScenarioSummary => ({
    ...summary(scenario, 'failed', 'x'),
    causes: ids.map((id) => ({ id })),
  });
  const judge = (...results: ScenarioSummary[]) => judgeBug(bug, results, 1);
  t.match(judge(failed('stop'), failed('sync-rtc')), { naming: 'missing', causes: [] });
  t.match(judge(failed('stop', 'acknowledged-late'), failed('sync-rtc')), { naming: 'right' });
  t.match(judge(failed('stop', 'acknowledged-late'), failed('sync-rtc', 'lock-order')), {
    naming: 'wrong',
    causes: ['acknowledged-late', 'lock-order'],
  });
  t.match(judgeBug({ ...bug, causes: [] }, [failed('stop')], 1), { naming: 'right' });
  t.match(judgeBug({ ...bug, causes: [] }, [failed('stop', 'lock-order')], 1), { naming: 'wrong' });
});
