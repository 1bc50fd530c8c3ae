import fc from 'fast-check';
import t from 'tap';
import { codeOf, type HarnessError } from '../base/errors.js';
import { anyText } from '../testing/any-text.js';
import { parseBits, parseNumber } from './guest-text.js';
import { readInterrupt } from './interrupts.js';
import { parseLspci } from './lspci.js';
import { powerRequests } from './power.js';
import { parseDevice } from './sysfs.js';
import { parseTimedate } from './timedate.js';

t.test('numbers, decimal or hexadecimal', async (t) => {
  t.equal(parseBits('x', '0xffffffffffffffff'), 2n ** 64n - 1n);
  t.equal(parseNumber('x', '0x0b5d'), 0x0b5d);
  t.equal(parseNumber('x', '10'), 10);
});

t.test('any other text is an error that shows it escaped', async (t) => {
  const bad: [string | undefined, RegExp][] = [
    [undefined, /^guest x: expected a number, got nothing/],
    ['', /got ""/],
    ['ten', /got "ten"/],
    ['1\n', /got "1\\n"/],
    ['\x1b[2J', /got "\\u001b\[2J"/],
    ['9007199254740992', /expected a number below 2\^53/],
  ];
  for (const [text, message] of bad)
    t.throws(() => parseNumber('x', text), { code: 'GUEST_READ', blame: 'broken', message }, String(text));
});

const shellOf = (text: string) => ({
  text: async () => text,
  output: async () => text,
  run: t.fail.bind(t) as never,
  execute: t.fail.bind(t) as never,
});

t.test('no text of a guest makes a parser throw anything else, or a long message', async () => {
  const labels = ['resource ', 'irq ', 'Region 0: ', 'Interrupt: ', 'Subsystem: ', '00: ', 'TimeUSec=', ''];
  const line = fc.tuple(fc.constantFrom(...labels), anyText).map((parts) => parts.join(''));
  const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n'));
  const parsers: ((text: string) => unknown)[] = [
    parseDevice,
    parseLspci,
    (text) => parseLspci(`00:05.0 Class [0780]: Name [0b5d:0777]\n${text}`),
    parseTimedate,
    (text) => powerRequests(shellOf(text)),
    (text) => readInterrupt(shellOf(text), 10),
  ];
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      for (const parse of parsers) {
        try {
          await parse(text);
        } catch (error) {
          if (codeOf(error) !== 'GUEST_READ' || (error as HarnessError).message.length > 250) throw error;
        }
      }
    }),
  );
});
