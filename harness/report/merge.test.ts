import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { codeOf } from '../base/errors.js';
import { hostile, sampleCell, sampleKernel, sampleReport, sampleStep } from '../testing/report-sample.js';
import { countReport, exitStatusOf, renderCounts } from './counts.js';
import { diffReports, isLost, isWorse, renderDiff } from './diff.js';
import { compareTranscripts, transcriptOf } from './differences.js';
import { checksOf, readEvidence } from './evidence.js';
import { renderIssue } from './issue.js';
import { mergeReports } from './merge.js';
import { type Report, readReport, reportFile, serializeReport } from './model.js';

const good = (more: Partial<Report> = {}): Report =>
  sampleReport({ kernels: [sampleKernel('old')], cells: [sampleCell('old', 'clock', 'passed')], ...more });

const part = (directory: string, more: Partial<Report>) => ({ directory, report: good(more) });

const codeThrown = (work: () => unknown): string | undefined => {
  try {
    work();
    return 'nothing thrown';
  } catch (error) {
    return codeOf(error);
  }
};

t.test('shards are merged into one report', async (t) => {
  const merged = mergeReports([
    part('1', { shard: '1/2', seconds: 10, started: '2026-11-22T20:00:02.000Z' }),
    part('2', {
      shard: '2/2',
      seconds: 20,
      kernels: [
        sampleKernel('old', {
          version: 'old.2-1',
          steps: [sampleStep('fetch', 'passed'), sampleStep('build', 'failed', ['no'])],
        }),
        sampleKernel('new'),
      ],
      cells: [sampleCell('old', 'stop', 'failed')],
    }),
  ]);
  t.match(merged, { shard: null, cut: null, seconds: 20, started: '2026-11-22T20:00:00.000Z' });
  t.strictSame(
    merged.cells.map(({ scenario }) => scenario),
    ['clock', 'stop'],
  );
  t.match(merged.kernels, [
    {
      name: 'old',
      version: 'old.1-1 and old.2-1',
      steps: [{}, { name: 'build', verdict: 'failed' }, { name: 'boot' }],
    },
    { name: 'new' },
  ]);
});

t.test('missing parts are named', async (t) => {
  const shards = [part('1', { shard: '1/3' }), part('3', { shard: '3/3', cells: [] })];
  t.match(mergeReports(shards).cut, /no report of shard 2\/3/);
  t.match(mergeReports([part('1', {})], ['old', 'newest']).cut, /^no report of kernel newest$/);
  t.match(mergeReports([part('1', { cut: 'interrupted by SIGINT' })]).cut, 'interrupted by SIGINT');
});

t.test('an empty list of parts and a duplicate cell are refused', async (t) => {
  t.equal(
    codeThrown(() => mergeReports([])),
    'REPORT_NONE',
  );
  t.equal(
    codeThrown(() => mergeReports([part('1', {}), part('2', {})])),
    'REPORT_OVERLAP',
  );
});

t.test('changes are worse, lost or better', async (t) => {
  const before = good({
    cells: ['a', 'b', 'c', 'd'].map((name) => sampleCell('old', name, name === 'c' ? 'failed' : 'passed')),
  });
  const after = good({
    kernels: [sampleKernel('old', { version: 'old.2-1' })],
    cells: [
      sampleCell('old', 'a', 'failed'),
      sampleCell('old', 'b', 'skipped'),
      sampleCell('old', 'c', 'passed'),
      sampleCell('old', 'e', 'broken'),
    ],
  });
  const diff = diffReports(before, after);
  const named = (isIncluded: typeof isWorse): string[] =>
    diff.changes.filter(isIncluded).map(({ what }) => what);
  t.strictSame(named(isWorse), ['a, vmd 8.0', 'e, vmd 8.0']);
  t.strictSame(named(isLost), ['b, vmd 8.0', 'd, vmd 8.0']);
  t.equal(diff.changes.length, 5);
  const text = renderDiff(diff);
  t.match(text, '  old: old.1-1 → old.2-1');
  t.match(text, '  old a, vmd 8.0: passed → failed: a failed');
  t.match(text, '  old d, vmd 8.0: passed → absent');
  t.equal(renderDiff(diffReports(before, before)), 'no verdict changed');
});

t.test('a removed or added kernel takes one line; only its bad cells are listed separately', async (t) => {
  const cellsOf = (kernel: string, ...bad: string[]) =>
    ['a', 'b', 'c'].map((name) => sampleCell(kernel, name, bad.includes(name) ? 'failed' : 'passed'));
  const [gone, dead, fresh] = [['gone'], ['dead', 'a', 'b', 'c'], ['fresh', 'b']] as const;
  const kernels = (...names: string[]) => names.map((name) => sampleKernel(name));
  const before = good({
    kernels: [...kernels('old', 'gone'), sampleKernel('dead', { steps: [sampleStep('fetch', 'skipped')] })],
    cells: [...cellsOf('old'), ...cellsOf(...gone), ...cellsOf(...dead)],
  });
  const after = good({
    kernels: kernels('old', 'fresh'),
    cells: [...cellsOf('old').slice(1), ...cellsOf(...fresh)],
  });
  const diff = diffReports(before, after);
  t.strictSame(renderDiff(diff).split('\n'), [
    'worse:',
    '  fresh b, vmd 8.0: absent → failed: b failed',
    'lost:',
    '  kernel gone: no longer run (3 cells)',
    '  old a, vmd 8.0: passed → absent',
    'other changes:',
    '  kernel dead: no longer run (3 cells)',
    '  kernel fresh: new (3 cells)',
  ]);
  t.ok(
    diff.changes.some((change) => change.kernel === 'gone' && isLost(change)),
    'the exit status reflects the lost cells',
  );
});

t.test('an issue lists only what got worse, and is empty if nothing did', async (t) => {
  const before = good({ cells: [sampleCell('old', 'known', 'failed')] });
  const kernels = [
    sampleKernel('old', { version: 'old.2-1' }),
    sampleKernel('new', { steps: [sampleStep('build', 'failed', [hostile])] }),
  ];
  const cells = [
    sampleCell('old', 'known', 'failed'),
    sampleCell('old', 'fresh', 'failed', { reasons: [hostile] }),
  ];
  const text = renderIssue(before, good({ kernels, cells }));
  t.match(text, /^Newly broken on old, new\n/);
  t.match(text, 'the previous report had old.1-1');
  t.match(text, '**fresh** on old');
  t.match(text, '**build**: failed');
  t.notMatch(text, 'known');
  t.equal(renderIssue(before, before), '');
  t.match(renderIssue(undefined, before), /^Newly broken on old\n/);
});

t.test('exit status: a failed build is a failure, and an empty run is not a success', async (t) => {
  const failing = [sampleKernel('old', { steps: [sampleStep('build', 'failed')] })];
  t.equal(exitStatusOf(good()), 0);
  t.equal(exitStatusOf(good({ kernels: failing })), 1);
  t.equal(exitStatusOf(good({ cells: [sampleCell('old', 'x', 'skipped')] })), 3);
  t.equal(
    exitStatusOf(good({ cells: [sampleCell('old', 'x', 'passed'), sampleCell('old', 'y', 'broken')] })),
    3,
  );
  t.equal(renderCounts(countReport(good())), '1 passed, 0 failed');
});

t.test('a report is read back as it was written, and a damaged one is refused', async (t) => {
  const directory = t.testdir();
  await writeFile(join(directory, reportFile), serializeReport(sampleReport()));
  // UTF-8 cannot represent the lone surrogate in the sample, so only the number of cells is compared.
  t.match((await readReport(directory)).cells.length, sampleReport().cells.length);
  const whole = serializeReport(sampleReport());
  const damaged: readonly [string, RegExp][] = [
    ['', /the file is empty/],
    [whole.slice(0, whole.length >> 1), /not JSON/],
    ['{}', /format is missing/],
    ['null', /expected Object, got null/],
    [whole.replace('"format": 1', '"format": 2'), /format: expected 1, got 2/],
    [whole.replace('"verdict": "broken"', '"verdict": "good"'), /cells\[2\]\.verdict: .* got "good"/],
    [
      whole.replace('"directory": "old/clock"', '"directory": "../../etc"'),
      /cells\[0\]\.directory: .* without \.\./,
    ],
  ];
  for (const [text, message] of damaged) {
    await writeFile(join(directory, reportFile), text);
    await t.rejects(readReport(directory), { code: 'REPORT_READ', message }, String(message));
  }
  await t.rejects(readReport(join(directory, 'none')), { code: 'REPORT_READ', message: /missing/ });
});

t.test('evidence is read back; incomplete lines and invalid events are left out', async (t) => {
  const directory = t.testdir({
    'trace.jsonl': [
      '{"seq":0,"at":1,"kind":"bar-read","offset":24,"width":4,"value":7}',
      '{"seq":1,"at":2,"kind":"check","result":"ok","requirement":"goes-down","what":"fine"}',
      '{"seq":2,"at":3,"kind":"check","result":"not ok","requirement":"goes-down","what":"bad #7"}',
      '[1,2]',
      '{"seq":"3","at":4,"kind":"check"}',
      '{"seq":4,"at":4,"kind":{}}',
      '{"seq":5,"at":2,"ki',
    ].join('\n'),
  });
  const evidence = await readEvidence(directory);
  t.strictSame(checksOf(evidence), [
    { passed: true, text: 'fine' },
    { passed: false, text: 'bad #7' },
  ]);
  t.strictSame(transcriptOf(evidence.trace), ['read 24/4']);
  t.strictSame(evidence.console, []);
  t.strictSame(await readEvidence(join(directory, 'gone')), { ...evidence, trace: [] });
});

t.test('the first register access that differs is named', async (t) => {
  const compare = (mine: string[], theirs: string[]) => compareTranscripts(mine, { kernel: 'k', theirs });
  t.equal(compare(['read 0/4'], ['read 0/4']), undefined);
  t.match(
    compare(['read 0/4', 'read 18/1'], ['read 0/4', 'read 18/4']),
    /register access 2 differs from k: read 18\/1 here, read 18\/4 there/,
  );
  t.match(compare(['read 0/4'], []), /nothing more there/);
});
