import t from 'tap';
import { hostile, sampleCell, sampleReport } from '../testing/report-sample.js';
import { escapeMarkdown, fence } from './escape.js';
import { renderMarkdown } from './markdown.js';
import { reproduceLine } from './reproduce.js';

/** The text without code blocks. */
const prose = (text: string): string => text.replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');

t.test('a summary has counts, the grid and failures', async (t) => {
  const text = renderMarkdown(sampleReport());
  t.match(text, /^## Kernel matrix: 2 passed, 2 failed, 1 broken, 2 skipped$/m);
  t.match(text, /^\| scenario +\| old +\| new +\|\n\| -+ \| -+ \| -+ \|\n\| clock +\| ok +\| skipped \|$/m);
  t.match(text, /^\| stop +\| \*\*FAILED\*\* +\| skipped \|$/m);
  t.match(text, /^### vmd 7\.8$/m);
  t.match(text, /^\*\*build\*\* of new: failed$/m);
  t.match(text, 'npx vmmci matrix --kernel old --generation 8.0 --scenario stop --keep');
});

t.test('text from guests stays text', async (t) => {
  const text = prose(renderMarkdown(sampleReport()));
  t.notMatch(text, /(?<!\\)<|(?<!\\)\[l\]/);
  for (const line of text.split('\n').filter((line) => line.startsWith('| odd')))
    t.equal(line.match(/(?<!\\)\|/g)?.length, 4, 'no additional columns');
  t.notMatch(text, '@everyone', 'a mention would notify a user');
});

t.test('Markdown is escaped, fences are long enough, reproduce lines are quoted', async (t) => {
  t.equal(escapeMarkdown('a|b *c*\nd'), 'a\\|b \\*c\\* d');
  const plain = 'virtio_vmmci (6.12.118-1): read 8 bits, then 32; "x" = 0x2 + 1!';
  t.equal(escapeMarkdown(plain), plain, 'nothing is escaped that is no markup');
  t.equal(escapeMarkdown('_a_ ~b~ $c$ #1 :tada: &amp;'), '\\_a\\_ \\~b\\~ \\$c\\$ \\#1 \\:tada: \\&amp;');
  t.equal(escapeMarkdown('http://x www.y.z [a](b) <i>'), 'http\\://x www\\.y.z \\[a\\](b) \\<i\\>');
  t.strictSame(['- a', '+ a', '=== a', '1. a', '12) a'].map(escapeMarkdown), [
    '\\- a',
    '\\+ a',
    '\\=== a',
    '1\\. a',
    '12\\) a',
  ]);
  t.equal(fence('x ```` y'), '`````text\nx ```` y\n`````');
  t.notMatch(fence(hostile), /(?!\n)\p{Cc}/u);
  const line = reproduceLine(
    {
      kernelParameters: 'a b',
      driverDirectory: 'my driver',
      description: 'virtio_vmmci',
      scenarios: '/s',
      qemuPath: null,
      level: 'must',
      kernels: [],
    },
    sampleCell('k', 'x', 'failed'),
  );
  t.equal(
    line,
    "npx vmmci matrix --kernel k --kernel-parameters 'a b' --generation 8.0 --scenario x --driver 'my driver' --driver-description virtio_vmmci --scenarios /s --level must --keep",
  );
});
