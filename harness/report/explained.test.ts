import t from 'tap';
import { sampleCell, sampleKernel, sampleReport } from '../testing/report-sample.js';
import { explainedHeadline, explainReport } from './explained.js';
import { renderMarkdown } from './markdown.js';
import { renderMatrix } from './terminal.js';

const good = (more = {}) =>
  sampleReport({
    kernels: [sampleKernel('old')],
    cells: [sampleCell('old', 'clock', 'passed')],
    cut: null,
    ...more,
  });

const isr = {
  id: 'isr-never-read',
  evidence: ['#5 6.000 ms interrupt line raised, ISR 0x2 (config change)'],
};
const sign = { id: 'drift-sign', evidence: ['drift: expected 7, seen -7'] };

const report = good({
  cells: [
    sampleCell('old', 'stop', 'failed', { causes: [isr] }),
    sampleCell('old', 'interrupts', 'failed', { causes: [isr, sign] }),
    sampleCell('old', 'drift', 'failed'),
    sampleCell('old', 'clock', 'passed'),
  ],
});

t.test('causes come first, sorted by frequency, then failures without a known cause', async (t) => {
  const explained = explainReport(report);
  t.equal(explainedHeadline(explained), '2 causes explain 2 of 3 failures');
  t.same(
    explained.explanations.map(({ id, cells }) => [id, cells.length]),
    [
      ['isr-never-read', 2],
      ['drift-sign', 1],
    ],
  );
  const terminal = renderMatrix(report);
  t.match(terminal, /2 causes explain 2 of 3 failures\n• The interrupt handler never reads the ISR/);
  t.match(terminal, '#5 6.000 ms interrupt line raised');
  t.match(terminal, 'explains stop, interrupts on old');
  t.match(terminal, 'no known cause for drift on old');
  t.ok(terminal.indexOf('2 causes explain') < terminal.indexOf('stop on old (vmd'), 'before the failures');
  t.match(renderMarkdown(report), /### 2 causes explain 2 of 3 failures/);
});

t.test('a report without failures shows no causes, one without known causes says so', async (t) => {
  t.notMatch(renderMatrix(good()), /cause/);
  const unknown = good({ cells: [sampleCell('old', 'stop', 'failed')] });
  t.match(renderMatrix(unknown), 'no known cause for 1 failure\n');
  const newer = good({
    cells: [sampleCell('old', 'stop', 'failed', { causes: [{ id: 'of-a-newer-version', evidence: [] }] })],
  });
  t.equal(explainedHeadline(explainReport(newer)), 'no known cause for 1 failure');
});
