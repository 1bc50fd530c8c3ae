import t from 'tap';
import { markdownTable } from './markdown-table.js';

t.test('columns are aligned, numeric ones to the right', async (t) => {
  t.equal(
    markdownTable(
      [
        ['', 'a', 'longer'],
        ['first', '1', '2'],
      ],
      { numeric: true },
    ),
    ['|       |   a | longer |', '| ----- | --: | -----: |', '| first |   1 |      2 |'].join('\n'),
  );
});
