import t from 'tap';
import { hostile, sampleCell, sampleKernel, sampleReport, sampleStep } from '../testing/report-sample.js';
import { renderDriverIssue } from './driver-issue.js';
import { noEvidence } from './evidence.js';
import { renderHtml } from './html.js';
import { renderMarkdown } from './markdown.js';
import { renderMatrix } from './terminal.js';
import { unmetHeadline, unmetIn } from './unmet.js';

const unmet = (requirement: string, check: string) => ({ requirement, check });
const kernels = [sampleKernel('old'), sampleKernel('new')];
const cells = [
  sampleCell('old', 'identity', 'failed', {
    unmet: [unmet('virtio-ids', 'vendor: expected 0x0b5d, seen 0')],
  }),
  sampleCell('old', 'stop', 'failed', { unmet: [unmet('driver-ok', 'DRIVER_OK: expected yes, seen no')] }),
  sampleCell('new', 'stop', 'failed', {
    unmet: [unmet('driver-ok', 'DRIVER_OK: expected yes, seen no'), unmet('from-the-future', hostile)],
  }),
  sampleCell('new', 'drift', 'failed', { reasons: ['the guest panicked'] }),
  sampleCell('new', 'clock', 'broken'),
  sampleCell('old', 'clock', 'passed'),
];
const report = sampleReport({ kernels, cells, driverCommit: '0123456789ab-dirty' });

t.test('unmet requirements are sorted by level, then by frequency, unknown ones last', async (t) => {
  t.strictSame(
    unmetIn(cells).map(({ id, cells }) => [id, cells.length]),
    [
      ['driver-ok', 2],
      ['virtio-ids', 1],
      ['from-the-future', 1],
    ],
  );
  t.equal(unmetHeadline(cells), '3 requirements are not met, in 3 of 4 failed cells');
  t.equal(unmetHeadline([sampleCell('old', 'x', 'failed')]), undefined);
});

t.test('all reports show unmet requirements', async (t) => {
  const pages = { section: () => undefined, page: () => undefined, buildLog: () => [] };
  for (const text of [renderMatrix(report), renderMarkdown(report), renderHtml(report, pages)]) {
    t.match(text, '3 requirements are not met, in 3 of 4 failed cells');
    t.match(text, /must[\s\S]*DRIVER\\?_OK[\s\S]*stop on old, new|stop on old\\, new/);
  }
});

t.test('an issue describes each requirement, and failures without one', async (t) => {
  const text = await renderDriverIssue(report, async () => ({
    ...noEvidence,
    trace: [
      { seq: 0, at: 10, kind: 'status', value: 3 },
      { seq: 1, at: 20, kind: 'check', result: 'not ok', what: 'DRIVER_OK', requirement: 'driver-ok' },
    ],
  }));
  t.match(text, /^bundled: 3 requirements of vmmci not met\n\n\| component /);
  t.match(text, 'commit 0123456789ab-dirty');
  const order = [
    '### must: The driver sets DRIVER_OK',
    '### should: ',
    '### unknown: from-the-future',
    '### Failures without',
  ];
  const positions = order.map((part) => text.indexOf(part));
  t.ok(
    positions.every((position) => position > 0),
    String(positions),
  );
  t.strictSame(
    positions,
    positions.toSorted((left, right) => left - right),
  );
  t.match(text, /```text\nDRIVER_OK: expected yes, seen no\n {2}#0 .*status/);
  t.match(text, 'npx vmmci matrix --kernel old --generation 8.0 --scenario stop --keep');
  t.match(text, 'the guest panicked');
  t.notMatch(text, '**clock** on', 'a broken cell is not the driver’s fault');
});

t.test('a failed build, a report without failures, and a storm of failures', async (t) => {
  const unbuilt = sampleKernel('new', {
    steps: [sampleStep('build', 'failed', ['does not build on new: error'])],
  });
  const evidence = async () => noEvidence;
  const built = await renderDriverIssue(sampleReport({ kernels: [unbuilt], cells: [] }), evidence);
  t.match(built, /^bundled: does not build on new\n/);
  const fine = sampleReport({ kernels, cells: [sampleCell('old', 'x', 'broken')] });
  t.equal(await renderDriverIssue(fine, evidence), '');
  const many = Array.from({ length: 300 }, (_, index) =>
    sampleCell('old', `x${index}`, 'failed', { unmet: [unmet(`future-${index}`, hostile.repeat(50))] }),
  );
  const storm = await renderDriverIssue(sampleReport({ kernels, cells: many }), evidence);
  t.ok(Buffer.byteLength(storm) <= 60_001, `${Buffer.byteLength(storm)} bytes`);
  t.match(storm, /… and \d+ more, in the HTML report\.\n$/);
});
