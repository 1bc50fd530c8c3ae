import t from 'tap';
import type { ScenarioResult } from '../run/result.js';
import type { Verdict } from '../run/verdict.js';
import { countVerdicts, renderCounts } from './counts.js';
import { columns, renderMissing, renderTable } from './table.js';

const result = (scenario: string, verdict: Verdict, reasons: readonly string[] = []): ScenarioResult => ({
  scenario,
  verdict,
  reasons,
  seconds: 1.25,
  kernel: '6.12.1',
  generation: '8.0',
  driver: 'bundled',
  qemu: '11.1.3',
  accelerator: 'tcg',
  nodeMiB: 90,
  directory: `/runs/${scenario}`,
});

t.test('columns are as wide as their widest cell, the last one unpadded', async (t) => {
  t.equal(
    columns([
      ['a', 'bbb', 'c'],
      ['aa', 'b', 'cc'],
    ]),
    'a   bbb  c\naa  b    cc',
  );
});

t.test('verdicts are counted separately; zero counts are shown for passed and failed only', async (t) => {
  t.equal(renderCounts(countVerdicts([result('a', 'passed'), result('b', 'failed')])), '1 passed, 1 failed');
  t.equal(
    renderCounts(countVerdicts([result('a', 'broken'), result('b', 'skipped'), result('c', 'skipped')])),
    '0 passed, 0 failed, 1 broken, 2 skipped',
  );
});

t.test('a scenario that did not pass is listed with its reasons and artifacts', async (t) => {
  const text = renderTable(
    [result('good', 'passed'), result('bad', 'failed', ['one\nmore', 'two'])],
    'tcg (why)',
  );
  t.match(text, /^kernel +6\.12\.1$/m);
  t.match(text, /^accelerator +tcg \(why\)$/m);
  t.match(text, /^good +passed +1\.3 s$/m);
  t.match(text, 'bad FAILED:\n  one\n  two\n  see /runs/bad');
  t.notMatch(text, /good .*:\n/);
});

t.test('skips are counted by reason; a failure with a known cause is explained by the cause', async (t) => {
  const lacks = 'driver x does not have the time in sysfs';
  const causes = [{ id: 'isr-never-read', evidence: ['#1 0.010 ms read command = NONE'] }];
  const unmet = [{ requirement: 'reads-isr', check: 'ISR afterwards: expected 0, seen 2 (trace #142)' }];
  const results = [
    result('drift', 'skipped', [lacks]),
    result('clock', 'skipped', [lacks]),
    { ...result('stop', 'failed', ['livelock']), causes },
    { ...result('interrupts', 'failed', ['ISR afterwards']), causes, unmet },
    result('odd', 'failed', ['no answer within 10 s']),
  ];
  const text = renderTable(results, 'tcg');
  t.match(text, `\n\n2 skipped: ${lacks}\n\n`);
  t.notMatch(text, /^(drift|clock|stop|interrupts) (SKIPPED|skipped|FAILED):/m);
  t.match(text, 'odd FAILED:\n  no answer within 10 s\n  see /runs/odd');
  const causesAt = text.indexOf(
    '1 cause explains 2 of 3 failures\n• The interrupt handler never reads the ISR',
  );
  t.ok(causesAt > text.indexOf('odd FAILED:'), 'the causes come last');
  t.match(text, '\n    #1 0.010 ms read command = NONE\n  explains stop, interrupts on 6.12.1\n');
  t.match(text, 'no known cause for odd on 6.12.1\n\n0 passed, 3 failed, 2 skipped');
});

t.test('reasons are cut and folded, and control characters are escaped', async (t) => {
  const reasons = [
    `\u001b[2Jtimers: ${'[1,"graceful"],'.repeat(4000)}`,
    ...Array(900).fill('again'),
    'a',
    'b',
    'c',
  ];
  const lines = renderTable([result('storm', 'failed', reasons)], 'tcg').split('\n');
  const from = lines.indexOf('storm FAILED:');
  const [first = '', ...rest] = lines.slice(from + 1, lines.indexOf('', from));
  t.match(first, /^ {2}\\x1b\[2Jtimers: /);
  t.equal(first.length, 160);
  t.strictSame(rest, ['  again × 900', '  a', '  b', '  c', '  see /runs/storm']);
});

t.test('a failed run without a bad result reports that a result is missing', async (t) => {
  t.match(renderMissing([result('a', 'passed')], false), /^\nBROKEN: /);
  t.equal(renderMissing([result('a', 'passed')], true), '');
  t.equal(renderMissing([result('a', 'failed')], false), '');
});

t.test('without results there are no empty rows', async (t) => {
  t.equal(renderTable([], 'tcg'), 'accelerator  tcg\n\n0 passed, 0 failed');
});
