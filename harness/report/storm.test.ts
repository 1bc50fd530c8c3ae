// A storming driver: the size of each report has a bound that does not depend on the number of events.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { causes } from '../diagnosis/causes/cause-table.js';
import { sampleCell, sampleKernel, sampleReport } from '../testing/report-sample.js';
import { readMarkup } from '../testing/well-formed.js';
import { cellPageFile } from './html-cell.js';
import { renderJunit } from './junit.js';
import { renderMarkdown } from './markdown.js';
import { renderMatrix } from './terminal.js';
import { reportFiles, writeReports } from './write.js';

t.setTimeout(300_000);

const pairs = Array(3000).fill('[1,"graceful"]').join(',');

/** Reasons of a storming driver: many long lines, and markup that grows when it is escaped. */
const stormReasons = (index: number): string[] => [
  `acknowledged within 3 s: expected true, seen ${42_381_050 + index} (trace #7 to #250000)`,
  `timers: expected [], seen [${pairs}] (trace #7 to #250000)`,
  ...Array.from({ length: 40 }, (_, line) => `console ${line}: ${'<&>"\u001b'.repeat(200)}`),
  Array(500).fill('the same line').join('\n'),
];

const ids = Object.keys(causes);

/** Ten causes for each cell, with evidence of the maximum length: together the cells have every cause. */
const causesOf = (index: number) =>
  Array.from({ length: 10 }, (_, each) => ({
    id: ids[(index * 10 + each) % ids.length] ?? '',
    evidence: Array(4).fill('<&>"'.repeat(40)),
  }));

const kernels = ['5.10-cloud', '6.12-cloud', '7.2-cloud', '7.3-cloud'].map((name) => sampleKernel(name));

/** Different words for each cell, so that failures are not grouped. */
const words = (index: number): string =>
  [...String(index)].map((digit) => 'abcdefghij'[Number(digit)]).join('');

const cells = Array.from({ length: 200 }, (_, index) => {
  const kernel = kernels[index % kernels.length]?.name ?? '';
  return sampleCell(kernel, `storm-${index}`, 'failed', {
    reasons: [`${words(index)} went wrong`, ...stormReasons(index)],
    retried: stormReasons(index),
    causes: causesOf(index),
  });
});

const report = sampleReport({ kernels, cells });

t.test('terminal: at most 20 lines for each failed scenario, none longer than 160 characters', async (t) => {
  const lines = renderMatrix(report).split('\n');
  const longest = Math.max(...lines.map((line) => line.length));
  t.ok(longest <= 160, `longest line: ${longest}`);
  const starts = lines.flatMap((line, index) => (/^storm-\d+ on .* FAILED:$/.test(line) ? [index] : []));
  t.equal(starts.length, 40);
  for (const [index, start] of starts.entries()) {
    const count = (starts[index + 1] ?? lines.indexOf('', start)) - start;
    t.ok(count <= 20, `${count} lines`);
  }
  t.ok(lines.includes('… 160 more failures, in the report'));
});

t.test('JUnit: at most 4 KB for each failure', async (t) => {
  const xml = renderJunit(report);
  t.equal(readMarkup(xml).problem, undefined);
  const cases = xml.match(/<testcase (?:[^/]|\/(?!testcase>))*<\/testcase>/g) ?? [];
  t.equal(cases.length, 200);
  for (const text of cases) t.ok(Buffer.byteLength(text) <= 4096, `${Buffer.byteLength(text)} bytes`);
  t.match(cases[0], '[1,&quot;graceful&quot;],');
  t.match(cases[0], /<failure [^>]*>cause \S+: .*\n {2}change: .*\n {2}breaks \S+: /);
  t.match(cases[0], /… [\d,]+ more lines, in the HTML report<\/failure>/);
});

t.test('Markdown: 200 failed cells fit into the summary of a CI run', async (t) => {
  const text = renderMarkdown(report);
  t.ok(Buffer.byteLength(text) < 2 ** 20, `${Buffer.byteLength(text)} bytes`);
  t.equal(text.match(/^\*\*storm/gm)?.length, 200, 'the summary contains all of them');
  const grown = sampleReport({ kernels, cells: Array(6).fill(cells).flat() });
  const names = grown.cells.map((cell, index) => ({ ...cell, scenario: `${cell.scenario} ${words(index)}` }));
  const largest = renderMarkdown({ ...grown, cells: names });
  t.ok(Buffer.byteLength(largest) < 2 ** 20, `${Buffer.byteLength(largest)} bytes`);
  t.match(largest, /… and [\d,]+ more, in the HTML report\.\n$/);
});

t.test('HTML: at most 1 MB plus 30 KB for each failed cell; details are on pages of cells', async (t) => {
  const directory = t.testdir();
  const few = cells.slice(0, 3);
  const events = Array.from({ length: 30_000 }, (_, seq) => {
    const event = [
      { kind: 'bar-read', offset: 19, width: 1, value: 3 },
      { kind: 'interrupt' },
      { kind: 'check', result: 'not ok', what: '<&>'.repeat(300) },
      { kind: 'console', line: '<&>'.repeat(20) },
      { kind: 'timer', event: 'expired' },
      { kind: 'sample', us: seq * 7 },
    ][seq % 6];
    return JSON.stringify({ seq, at: seq * 20, ...event });
  }).join('\n');
  for (const { directory: name } of few) {
    const cellDirectory = join(directory, name ?? '');
    mkdirSync(cellDirectory, { recursive: true });
    writeFileSync(join(cellDirectory, 'trace.jsonl'), events);
    writeFileSync(join(cellDirectory, 'console.log'), `${'<&>'.repeat(100)}\n`.repeat(2000));
    writeFileSync(join(cellDirectory, 'dmesg.txt'), `${'<&>'.repeat(100)} rcu\n`.repeat(2000));
  }
  await writeReports(directory, { ...report, cells: few });
  const html = readFileSync(join(directory, reportFiles.html), 'utf8');
  t.equal(readMarkup(html).problem, undefined);
  const sections = html.match(/<details id=(?:[^<]|<(?!\/details>))*<\/details>/g) ?? [];
  t.equal(sections.length, few.length);
  for (const text of sections) {
    t.ok(Buffer.byteLength(text) <= 30_000, `${Buffer.byteLength(text)} bytes`);
    t.match(text, 'class="lanes"');
  }
  const own = Buffer.byteLength(html) - sections.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  t.ok(own <= 1_000_000, `${own} bytes outside sections`);
  for (const { directory: name } of few) {
    const page = join(directory, name ?? '', cellPageFile);
    t.ok(statSync(page).size < 2_500_000, `${statSync(page).size} bytes`);
    t.ok(html.includes(`href="${name}/${cellPageFile}"`), 'the report links to the page');
    t.equal(readMarkup(readFileSync(page, 'utf8')).problem, undefined);
  }
});

t.test('HTML: a complete nightly matrix takes at most 1 MB', async (t) => {
  const many = Array.from({ length: 17 }, (_, index) =>
    sampleKernel(`${index}-cloud`, { differs: 'x'.repeat(300) }),
  );
  const generations = ['6.2', '6.4', '6.5', '7.3', '7.4', '7.7', '7.8', '7.9', '8.0'];
  const all = many.flatMap(({ name }) =>
    generations.flatMap((generation) =>
      Array.from({ length: 50 }, (_, index) =>
        sampleCell(name, `some-scenario-${index}`, index % 5 ? 'passed' : 'skipped', {
          generation,
          ...(index % 5 === 0 && { directory: null, reasons: [`${'reason '.repeat(50)}${words(index)}`] }),
        }),
      ),
    ),
  );
  const directory = t.testdir();
  await writeReports(directory, sampleReport({ kernels: many, cells: all }));
  const { size } = statSync(join(directory, reportFiles.html));
  t.ok(size <= 1_000_000, `${size} bytes`);
});
