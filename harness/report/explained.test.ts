import t from 'tap';
import { sampleCell, sampleKernel, sampleReport } from '../testing/report-sample.js';
import { explainedHeadline, explainReport } from './explained.js';
import { causesSection } from './html-causes.js';
import { renderJunit } from './junit.js';
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

t.test('every form of the report has the causes, each with what to change and the requirement', async (t) => {
  const sentence = 'The interrupt handler never reads the ISR';
  const breaks = 'reads-isr: The interrupt handler reads the ISR';
  for (const [form, text] of Object.entries({
    terminal: renderMatrix(report),
    markdown: renderMarkdown(report).replaceAll('\\', ''),
    junit: renderJunit(report),
    html: causesSection(report),
  })) {
    t.match(text, sentence, form);
    t.match(text, 'Read the ISR (8 bits, BAR0 offset 19)', form);
    t.match(text, breaks, form);
  }
  const [stop = '', drift = ''] = ['stop', 'drift'].map(
    (name) => new RegExp(`<testcase[^>]*name="${name}"[^]*?</testcase>`).exec(renderJunit(report))?.[0],
  );
  t.match(stop, /<failure [^>]*>cause isr-never-read: /, 'the cause comes before the reasons');
  t.notMatch(drift, /cause/, 'a failure without a known cause');
  t.match(causesSection(report), /No known cause for drift on old/);
  t.equal(causesSection(good()), '');
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
