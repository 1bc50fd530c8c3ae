import t from 'tap';
import { statusOfResults } from './seeded.js';

t.test('a bug that is missed fails, and what is only broken does not', async (t) => {
  const right = { status: 'caught', naming: 'right' } as const;
  const broken = { status: 'broken', naming: 'missing' } as const;
  const failed = { hasFailed: true, text: 'x' };
  const unclear = { hasFailed: false, text: 'x' };
  t.equal(statusOfResults([right, { status: 'caught', naming: 'missing' }], []), 0);
  t.equal(statusOfResults([right, broken], []), 3);
  t.equal(statusOfResults([right], [unclear]), 3);
  t.equal(statusOfResults([broken], [failed]), 1);
  t.equal(statusOfResults([right, broken, { status: 'survived', naming: 'missing' }], [unclear]), 1);
  t.equal(statusOfResults([{ status: 'caught', naming: 'wrong' }], []), 1);
});
