import fc from 'fast-check';
import t from 'tap';
import { fitLines, fitParts, foldLines, foldRepetitions, groupDigits } from './bounded.js';

t.test('repeated lines and groups of lines are folded without loss', async (t) => {
  t.strictSame(foldLines(['a', 'a']), ['a', 'a']);
  t.strictSame(foldLines(['x', ...Array(1432).fill('a'), 'y']), ['x', 'a × 1,432', 'y']);
  t.strictSame(foldLines(Array(7).fill(['a', 'b']).flat()), ['a', 'b', '↑ these 2 lines × 7']);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 60 }), (items) => {
      const unfolded = foldRepetitions(items).flatMap(({ items, times }) =>
        Array<number[]>(times)
          .fill([...items])
          .flat(),
      );
      t.strictSame(unfolded, items);
    }),
  );
});

t.test('a truncated list says how much is missing', async (t) => {
  t.strictSame(fitLines(['a', 'b', 'c'], { maxLines: 3, maxLength: 80 }), ['a', 'b', 'c']);
  t.strictSame(fitLines(['a', 'b', 'c', 'd'], { maxLines: 3, maxLength: 80 }), ['a', 'b', '… 2 more lines']);
  const line = `cannot open '/${'long/'.repeat(40)}'; do this`;
  t.match(fitLines([line], { maxLines: 1, maxLength: 60 }), [/^cannot open '\/long.*….*'; do this$/]);
  const more = (missing: number): string => `… ${missing} more`;
  t.equal(fitParts(['äää', 'b'], { maxBytes: 8, more }), 'äää\nb');
  const parts = Array.from({ length: 50 }, (_, index) => 'é'.repeat(index));
  for (const maxBytes of [20, 100, 300, 1000]) {
    const text = fitParts(parts, { maxBytes, more });
    t.ok(Buffer.byteLength(text) <= maxBytes, `${maxBytes}`);
    t.match(text, /… \d+ more$/);
  }
  t.equal(groupDigits(1_234_567), '1,234,567');
});
