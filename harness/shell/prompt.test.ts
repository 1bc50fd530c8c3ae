import t from 'tap';
import { Prompt } from './prompt.js';

const feed = (prompt: Prompt, text: string) => {
  const { rest, ...answer } = prompt.feed(Buffer.from(text, 'latin1'));
  return { ...answer, rest: rest.toString('latin1') };
};

t.test('a line ends with Return; later keys are kept', async (t) => {
  const prompt = new Prompt();
  t.strictSame(feed(prompt, 'sto'), { echo: 'sto', rest: '' });
  t.strictSame(feed(prompt, 'p \rls'), { echo: 'p \r\n', line: 'stop', rest: 'ls' });
});

t.test('erasing stops at the prompt', async (t) => {
  t.strictSame(feed(new Prompt(), 'ab\x7f\x7f\x7fc\n'), {
    echo: 'ab\b \b\b \bc\r\n',
    line: 'c',
    rest: '',
  });
  t.strictSame(feed(new Prompt(), 'abc\x15d\r'), { echo: 'abc\b \b\b \b\b \bd\r\n', line: 'd', rest: '' });
});

t.test('Ctrl-C and Esc cancel the line; other control characters are ignored', async (t) => {
  t.strictSame(feed(new Prompt(), 'ab\x03c'), { echo: 'ab\r\n', line: null, rest: 'c' });
  t.strictSame(feed(new Prompt(), '\x1b[A'), { echo: '\r\n', line: null, rest: '[A' });
  t.strictSame(feed(new Prompt(), 'a\x01\xe9b\r'), { echo: 'ab\r\n', line: 'ab', rest: '' });
});

t.test('the length of a line is limited', async (t) => {
  t.equal(feed(new Prompt(), `${'x'.repeat(2000)}\r`).line?.length, 1000);
});
