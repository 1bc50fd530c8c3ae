import fc from 'fast-check';
import t from 'tap';
import { codeOf, type HarnessError } from '../base/errors.js';
import { anyText } from '../testing/any-text.js';
import { parseAttribute, parseCounts, parseDrift, parseTime } from './driver-text.js';

t.test('parses text of the promised form', async (t) => {
  t.equal(parseAttribute('last command', 'NONE\n'), 'NONE');
  t.equal(parseTime('host time', '1795350896.000007'), 1_795_350_896_000_007n);
  t.equal(parseDrift('-3600000000000'), -3_600_000_000_000n);
  t.strictSame(parseCounts('SHUTDOWN 0\nREBOOT 12\n'), { SHUTDOWN: 0, REBOOT: 12 });
});

t.test('blames the driver for any other text and escapes control characters', async (t) => {
  const bad: [() => unknown, RegExp][] = [
    [
      () => parseAttribute('host time', '1.000000'),
      /^the driver shows host time as "1\.000000", expected one line/,
    ],
    [() => parseAttribute('host time', '1.000000\n\n'), /"1\.000000\\n\\n"/],
    [() => parseAttribute('last command', ''), /as ""/],
    [() => parseTime('host time', '1.00000'), /seconds\.microseconds/],
    [() => parseTime('host time', '\x1b[2J'), /as "\\u001b\[2J"/],
    [() => parseTime('host time', '9'.repeat(21).concat('.000000')), /seconds/],
    [() => parseDrift('0x10'), /nanoseconds/],
    [() => parseCounts('SHUTDOWN 0'), /lines that each end/],
    [() => parseCounts('SHUTDOWN\n'), /NAME count/],
  ];
  for (const [parse, message] of bad) t.throws(parse, { code: 'DRIVER_READ', blame: 'failed', message });
});

t.test('throws only DRIVER_READ, with a message of at most two lines', async () => {
  const parsers = [parseAttribute, parseTime].map((parse) => (text: string) => parse('x', text));
  fc.assert(
    fc.property(fc.oneof(fc.string(), anyText), (text) => {
      for (const parse of [...parsers, parseDrift, parseCounts]) {
        try {
          parse(text);
        } catch (error) {
          if (codeOf(error) !== 'DRIVER_READ' || (error as HarnessError).message.length > 200) throw error;
        }
      }
    }),
  );
});
