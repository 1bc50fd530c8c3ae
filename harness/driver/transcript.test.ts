import t from 'tap';
import { fromFile, render, toFile, transcriptOf, withoutLastCall } from './transcript.js';
import { diffLines, diffTranscripts, renderDiff } from './transcript-diff.js';

const read = (offset: number, width: number, value: number) =>
  ({ kind: 'bar-read', offset, width, value }) as const;
const write = (offset: number, width: number, value: number) =>
  ({ kind: 'bar-write', offset, width, value }) as const;
const phase = (name: string) => ({ kind: 'phase', name }) as const;

const events = [
  read(0, 4, 9),
  phase('probe'),
  { kind: 'status', value: 1 } as const,
  read(0, 4, 7),
  read(18, 1, 3),
  write(18, 1, 7),
  phase('read'),
  read(24, 1, 0x2d),
  read(25, 1, 0x2d),
  phase('remove'),
  phase('end'),
  read(20, 4, 1),
];

const text = `probe
  read hostFeatures = 0x7
  write status = 0x7

read
  read secondsLow (8 bits) = 0x2d
  read offset 25 (8 bits) = 0x2d

remove
`;

t.test(
  'a transcript has phases, register names and unusual widths, but no reads of the status',
  async (t) => {
    t.equal(render(transcriptOf(events)), text);
  },
);

t.test('a transcript is written and parsed without loss', async (t) => {
  const phases = transcriptOf(events);
  t.strictSame(fromFile(toFile(phases)), phases);
  t.strictSame(fromFile('# only a comment\n\n'), []);
  t.throws(() => fromFile('# c\n  read isr = 0x0\nprobe\n'), /line 2/);
});

t.test('leaves out one read of the ISR where the accesses first differ from the known ones', async (t) => {
  const isr = 'read isr = 0x0';
  const known = [isr, 'write status = 0x0'];
  t.strictSame(withoutLastCall([...known, isr], known), known, 'at the end');
  t.strictSame(withoutLastCall([isr, isr, 'write status = 0x0'], known), known, 'before another access');
  t.strictSame(withoutLastCall(known, known), known, 'none');
  t.strictSame(withoutLastCall([...known, isr, isr], known), [...known, isr], 'only one');
  for (const other of [['write status = 0x0'], [isr, 'write status = 0x1'], [...known, 'read command = 0x0']])
    t.strictSame(withoutLastCall(other, known), other, 'another difference');
});

t.test('diffLines finds the shortest edit', async (t) => {
  const shown = (left: string, right: string) =>
    diffLines([...left], [...right])
      .map(({ mark, text }) => mark.trim() + text)
      .join(' ');
  t.equal(shown('abc', 'abc'), 'a b c');
  t.equal(shown('abcd', 'acxd'), 'a -b c +x d');
  t.equal(shown('', 'ab'), '+a +b');
  t.equal(shown('ab', ''), '-a -b');
  t.equal(shown('ab', 'xy'), '-a -b +x +y');
});

t.test('diffTranscripts compares phase by phase', async (t) => {
  const stored = fromFile('probe\n  read isr = 0x0\n  write status = 0x7\nremove\n  write status = 0x0\n');
  const seen = fromFile(
    'probe\n  write status = 0x7\nremove\n  write status = 0x0\nread\n  read isr = 0x2\n',
  );
  const diff = diffTranscripts(stored, seen);
  t.strictSame(
    diff.map(({ name, same }) => [name, same]),
    [
      ['probe', false],
      ['remove', true],
      ['read', false],
    ],
  );
  t.strictSame(diff.map(renderDiff)[0], 'probe\n- read isr = 0x0\n  write status = 0x7');
  t.strictSame(diff.map(renderDiff)[2], 'read\n+ read isr = 0x2');
});
