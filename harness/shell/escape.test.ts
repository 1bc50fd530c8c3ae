import t from 'tap';
import { EscapeReader, type Typed } from './escape.js';

/** What a reader makes of pieces of input: text for the guest, and keys in brackets. */
const read = (...pieces: string[]): string => {
  const reader = new EscapeReader();
  const shown = ({ input, key }: Typed): string => {
    const name = typeof key === 'object' ? `unknown ${key.unknown}` : key;
    return input.toString('latin1') + (name === undefined ? '' : `[${name}]`);
  };
  let text = '';
  for (const piece of pieces) {
    let rest: Buffer = Buffer.from(piece, 'latin1');
    do {
      const typed = reader.feed(rest);
      text += shown(typed);
      rest = typed.rest;
    } while (rest.length > 0);
  }
  return text;
};

t.test('all keys but the escape key go to the guest', async (t) => {
  t.equal(read('ls -l\r\x03\x1a\x1b[A\xff\0'), 'ls -l\r\x03\x1a\x1b[A\xff\0');
  t.equal(read(''), '');
});

t.test('the key after the escape key goes to the host, also if it arrives later', async (t) => {
  t.equal(read('a\x1dqb'), 'a[q]b');
  t.equal(read('a\x1d', 'Qb'), 'a[q]b');
  t.equal(read('\x1d?\x1d:stop'), '[?][:]stop');
  t.equal(read('\x1dx'), '[unknown x]');
});

t.test('pressing the escape key twice sends it to the guest once', async (t) => {
  t.equal(read('a\x1d\x1db'), 'a\x1db');
  t.equal(read('\x1d', '\x1dq'), '\x1dq');
});
