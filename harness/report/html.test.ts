import t from 'tap';
import { sampleCell, sampleKernel, samplePages, sampleReport } from '../testing/report-sample.js';
import { readMarkup } from '../testing/well-formed.js';
import { renderHtml } from './html.js';

t.test('the page is well-formed and self-contained, and escapes text from guests', async (t) => {
  const report = sampleReport();
  const html = renderHtml(report, samplePages(report));
  const { problem, counts } = readMarkup(html);
  t.equal(problem, undefined);
  t.equal(counts.script, 1);
  t.equal(counts.img, undefined);
  t.equal(counts.section, 2, 'one for each generation');
  t.equal(counts.table, 3, 'the kernels, and a grid for each generation');
  t.notMatch(html, /\ssrc="/, 'nothing is loaded');
  t.notMatch(html, /href="(?!#|old\/[\w%]+\/report\.html")/, 'links lead to this page or to pages of cells');
});

t.test('a cell shows all of its details', async (t) => {
  const report = sampleReport();
  const html = renderHtml(report, samplePages(report));
  const [, failed = ''] = /<details id="old\/8\.0\/stop"([\s\S]*?)<\/details>/.exec(html) ?? [];
  for (const text of [
    '<span class="failed">✗ failed</span>',
    'first: &lt;/pre&gt;',
    'second line',
    '✗ &lt;/pre&gt;',
    '#0 0.010 ms read secondsLow = 0x7',
    '#1 2.500 ms console',
    'npx vmmci matrix --kernel old --generation 8.0 --scenario stop --keep',
    'artifacts: old/stop',
  ])
    t.ok(failed.includes(text), text);
  t.match(html, /<summary>build of new: <span class="failed">/);
  t.match(html, 'QEMU ended');
  t.match(html, '<li>2 not run: the driver does not build on new</li>');
  t.notMatch(html, '<details id="new/8.0/clock"', 'the cell did not run');
  t.notMatch(html, '<details id="old/8.0/clock"', 'a passed cell without artifacts has no section');
});

t.test('differences between kernels are listed', async (t) => {
  const kernels = ['a', 'b', 'c', 'd'].map((name) => sampleKernel(name));
  const cells = [
    sampleCell('a', 'x', 'failed', { reasons: ['seen 17'] }),
    sampleCell('b', 'x', 'failed', { reasons: ['seen 18'] }),
    sampleCell('c', 'x', 'passed'),
    sampleCell('d', 'x', 'failed', { reasons: ['panic'] }),
  ];
  const report = sampleReport({ kernels, cells });
  const html = renderHtml(report, samplePages(report));
  t.match(html, 'the same on b\npassed on c\nfailed on d: panic');
  const [, section = ''] = /<h3>Differences between the kernels<\/h3>([\s\S]*?)<\/dl>/.exec(html) ?? [];
  t.strictSame(
    section.match(/<li>.*?<\/li>/g)?.map((line) => line.replaceAll(/<[^>]*>/g, '')),
    ['✗ failed on a, b: seen 17', '✓ passed on c', '✗ failed on d: panic'],
  );
  const same = sampleReport({ kernels, cells: cells.slice(0, 2) });
  t.match(renderHtml(same, samplePages(same)), 'All scenarios gave the same result on all 2 kernels');
});
