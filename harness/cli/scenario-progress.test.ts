import t from 'tap';
import { scenarioProgress } from './scenario-progress.js';

t.test('each scenario that ends is a line', async (t) => {
  const lines: string[] = [];
  const onLine = scenarioProgress((line) => lines.push(line));
  for (const line of [
    'TAP version 14',
    '# Subtest: stop',
    '    ok 1 - REBOOT',
    'ok 1 - stop # time=1700ms',
    'not ok 2 - drift # time=900ms',
    'ok 3 - ptp # SKIP the kernel has no PTP clocks',
    '1..3',
  ])
    onLine(line);
  t.strictSame(lines, [
    'scenario 1: stop passed',
    'scenario 2: drift did not pass',
    'scenario 3: ptp was skipped',
  ]);
});
