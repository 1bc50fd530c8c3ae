import t from 'tap';
import { writtenContent } from './written-content.js';

t.test('makes the numbers of xorshift32 in little-endian order', async (t) => {
  const numbers = [270369, 67634689, 2647435461];
  const content = writtenContent(1, 11);
  t.equal(content.length, 11);
  t.strictSame(
    [content.readUInt32LE(0), content.readUInt32LE(4), content.readUIntLE(8, 3)],
    [...numbers.slice(0, 2), (numbers[2] ?? 0) % 2 ** 24],
  );
});
