import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { renderHtml } from './html.js';
import { sampleCell, sampleEvidence, sampleKernel, sampleReport } from './sample.js';
import { readMarkup } from './well-formed.js';

t.test('well-formed, self-contained, and nothing in it is an element by accident', async (t) => {
  const html = renderHtml(sampleReport(), sampleEvidence);
  const { problem, counts } = readMarkup(html);
  t.equal(problem, undefined);
  t.equal(counts.script, 1);
  t.equal(counts.img, undefined);
  t.equal(counts.section, 2, 'one a generation');
  t.equal(counts.table, 3, 'kernels, and a grid a generation');
  t.notMatch(html, /<[^>]+\s(src|href)="(?!#)/, 'nothing is loaded');
});

t.test('a cell tells all that is known of it', async (t) => {
  const html = renderHtml(sampleReport(), sampleEvidence);
  const [, failed = ''] = /<details id="old\/8\.0\/stop"([\s\S]*?)<\/details>/.exec(html) ?? [];
  for (const text of [
    '<span class="failed">failed</span>',
    'first: &lt;/pre&gt;',
    'second line',
    '✓ a check',
    '✗ &lt;/pre&gt;',
    '#0 0.010 ms bar-read offset=24 width=4 value=0x7',
    '#1 2.500 ms console',
    'npx vmmci matrix --kernel old --generation 8.0 --scenario stop --keep',
    'artifacts: old/stop',
  ])
    t.ok(failed.includes(text), text);
  t.match(html, /<summary>build of new: <span class="failed">/);
  t.match(html, 'QEMU ended');
  t.match(html, '<li>2 not run: the driver does not build on new</li>');
  t.notMatch(html, '<details id="new/8.0/clock"', 'nothing of it ran');
  t.notMatch(html, '<details id="old/8.0/clock"', 'what passed, and kept nothing, has nothing more to tell');
});

t.test('what differs from the other kernels', async (t) => {
  const kernels = ['a', 'b', 'c', 'd'].map((name) => sampleKernel(name));
  const cells = [
    sampleCell('a', 'x', 'failed', { reasons: ['seen 17'] }),
    sampleCell('b', 'x', 'failed', { reasons: ['seen 18'] }),
    sampleCell('c', 'x', 'passed'),
    sampleCell('d', 'x', 'failed', { reasons: ['panic'] }),
  ];
  const html = renderHtml(sampleReport({ kernels, cells }), sampleEvidence);
  t.match(html, 'the same on b\npassed on c\nfailed on d: panic');
});

const chromium = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  .flatMap((directory) => [join(directory, 'chromium'), join(directory, 'google-chrome')])
  .find((path) => existsSync(path));

const inBrowser =
  chromium === undefined ? { skip: 'there is no chromium on this host' } : { timeout: 120_000 };

t.test(
  'in a browser: the address opens its cell, the filter is there, and no text runs',
  inBrowser,
  async (t) => {
    const directory = t.testdir();
    const page = join(directory, 'index.html');
    await writeFile(page, renderHtml(sampleReport(), sampleEvidence));
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      `--user-data-dir=${join(directory, 'profile')}`,
    ];
    const look = async (hash: string): Promise<string> =>
      (
        await execa(chromium ?? '', [
          ...flags,
          '--virtual-time-budget=2000',
          '--dump-dom',
          `${pathToFileURL(page)}${hash}`,
        ])
      ).stdout;
    const dom = await look(`#${encodeURIComponent('old/8.0/stop')}`);
    t.match(dom, /<details id="old\/8\.0\/stop"[^>]* open=""/);
    t.notMatch(dom, /<details id="old\/7\.8\/stop"[^>]* open/);
    t.match(dom, '<title>vmmci kernel matrix: 2 passed, 2 failed, 1 broken, 2 skipped</title>', 'not owned');
    t.match(dom, /<option value="7\.8">/);
    t.notMatch(dom, /<img/);
  },
);
