import t from 'tap';
import * as v from 'valibot';
import { parseChecked } from './read-checked.js';

const schema = v.object({ cells: v.array(v.object({ verdict: v.picklist(['passed', 'failed']) })) });

t.test('parseChecked returns the value, or one line that names the wrong field', async (t) => {
  t.strictSame(parseChecked('{"cells":[{"verdict":"passed"}]}', schema), {
    value: { cells: [{ verdict: 'passed' }] },
  });
  const cases: readonly [string, RegExp][] = [
    ['', /^the file is empty$/],
    ['{"cells":[{"verd', /^not JSON: /],
    ['{}', /^cells is missing$/],
    ['{"cells":[{"verdict":"passed"},{"verdict":"good"}]}', /^cells\[1\]\.verdict: expected .*, got "good"$/],
    ['null', /^expected Object, got null$/],
    [JSON.stringify('x'.repeat(100_000)), /^expected Object, got "x{100,200}…$/],
  ];
  for (const [text, problem] of cases) t.match(parseChecked(text, schema), { problem }, text);
});
