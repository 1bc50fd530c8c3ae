import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { serializeReport } from '../report/model.js';
import { captured } from '../testing/captured.js';
import { sampleReport } from '../testing/report-sample.js';
import { runCommand } from './command.js';

const merge = (t: Test, part: string, output: string) =>
  captured(t, () => runCommand(['report', 'merge', part, '--output', output]));

t.test('merge copies artifacts, but no FIFO', async (t) => {
  const top = t.testdir({ part: { 'report.json': serializeReport(sampleReport()), old: { log: 'text' } } });
  const part = join(top, 'part');
  execFileSync('mkfifo', [join(part, 'old', 'fifo')]);
  const { status, err } = await merge(t, part, join(top, 'all'));
  t.strictSame([status, err], [1, ''], 'the sample has failures');
  t.strictSame(readdirSync(join(top, 'all', 'old')), ['log']);
});

t.test('merge refuses an output below one of its parts', async (t) => {
  const part = t.testdir({ 'report.json': serializeReport(sampleReport()) });
  const output = join(part, 'deep', 'all');
  t.match(await merge(t, part, output), {
    status: 2,
    err: `--output: expected a directory that is not below ${part}, got '${output}' [INVALID_VALUE]`,
  });
  t.notOk(existsSync(join(part, 'deep')));
});
