import t from 'tap';
import { lineSplitter } from './lines.js';

t.test('joins lines, however the text was split', async (t) => {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line));
  for (const piece of ['on', 'e\r', '\ntwo\nth', 'r', 'ee\n\nfo']) splitter.feed(piece);
  t.strictSame(lines, ['one', 'two', 'three', '']);
  splitter.end();
  t.strictSame(lines, ['one', 'two', 'three', '', 'fo'], 'the incomplete last line');
  splitter.end();
  t.equal(lines.length, 5);
});

t.test('removes escape sequences and carriage returns', async (t) => {
  const lines: string[] = [];
  lineSplitter((line) => lines.push(line)).feed('\x1b[1;31mred\x1b[0m \x1b[6n# \r\r\n');
  t.strictSame(lines, ['red # ']);
});
