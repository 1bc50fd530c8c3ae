import t from 'tap';
import { judge, type Witness } from './seeded-outcome.js';

const bug = { name: '01-x', caughtBy: ['stop', 'sync-rtc'] };
const witness = (scenario: string, verdict: string, ...reasons: string[]): Witness => ({
  scenario,
  verdict,
  reasons,
});
const passed = [witness('stop', 'passed'), witness('sync-rtc', 'passed')];

t.test('a bug is caught by a scenario that it names, and by nothing else', async (t) => {
  t.match(judge(bug, [witness('stop', 'passed'), witness('sync-rtc', 'failed', 'a: 1\nmore', 'b')], 2), {
    bug: '01-x',
    fate: 'caught',
    by: 'sync-rtc',
    line: 'a: 1',
    seconds: 2,
  });
  t.match(judge(bug, [...passed, witness('drift', 'failed', 'c')], 1), { fate: 'elsewhere', by: 'drift' });
  t.match(judge(bug, passed, 1), { fate: 'survived', by: '', line: 'stop, sync-rtc saw nothing' });
});

t.test('broken and skipped scenarios prove nothing', async (t) => {
  const [stop = witness('', '')] = passed;
  t.match(judge(bug, [stop, witness('sync-rtc', 'broken', 'QEMU')], 1), { fate: 'broken', line: 'QEMU' });
  t.match(judge(bug, [stop, witness('sync-rtc', 'skipped', 'no clock')], 1), { fate: 'broken' });
  t.match(judge(bug, [stop], 1), { fate: 'broken', line: /sync-rtc left no result/ });
  t.match(judge(bug, [], 1), { fate: 'broken' });
  t.match(
    judge(bug, [witness('stop', 'failed', 'x'), witness('sync-rtc', 'broken', 'QEMU')], 1),
    { fate: 'caught', by: 'stop' },
    'a catch stands',
  );
});
