import t from 'tap';
import { asset } from '../../images/asset.js';
import { applyBug, isSelectedBy, parseBug, readBugs } from './seeded-bug.js';

const text = `Bug: The answer is wrong.
Why: Somebody misheard.
Caught-by: stop, sync-rtc
Cause: acknowledged-late, acknowledged-twice

--- a/a.c
+++ b/a.c
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
`;

t.test('parseBug reads the header and the diff', async (t) => {
  const bug = parseBug('01-x.patch', text);
  t.match(bug, { name: '01-x', bug: 'The answer is wrong.', why: 'Somebody misheard.' });
  t.strictSame(bug.caughtBy, ['stop', 'sync-rtc']);
  t.equal(bug.kernel, undefined);
  const debug = parseBug('01-x.patch', text.replace('\n\n', '\nKernel: 6.12-debug\n\n'));
  t.equal(debug.kernel, '6.12-debug');
  t.strictSame(bug.causes, ['acknowledged-late', 'acknowledged-twice']);
  const patched = applyBug(
    bug,
    new Map([
      ['a.c', 'one\ntwo\nthree\n'],
      ['b.c', 'b\n'],
    ]),
  );
  t.strictSame(
    [...patched],
    [
      ['a.c', 'one\nzwei\nthree\n'],
      ['b.c', 'b\n'],
    ],
  );
});

t.test('an error names the patch and what is wrong with it', async (t) => {
  const refused = (bad: string, reason: RegExp) =>
    t.throws(
      () => parseBug('02-y.patch', bad),
      { code: 'SEEDED_BUG', message: /02-y\.patch/ },
      `${reason}`,
    ) && t.throws(() => parseBug('02-y.patch', bad), { message: reason });
  refused(text.replace('Why: ', 'Wherefore: '), /no line 'Why: …'/);
  refused(text.replace('Caught-by: stop, sync-rtc\n', 'Caught-by: \n'), /'Caught-by: …'/);
  refused(text.replace('\n\n', '\nKernel: 6.12-cluod\n\n'), /6\.12-cluod/);
  refused(
    text.replace('acknowledged-late', 'acknowledged-soon'),
    /cause acknowledged-soon is not in the table/,
  );
  refused(text.replace(/^Cause: .*/m, 'Cause: none'), /'none: REASON'/);
  refused(text.slice(0, text.indexOf('---')), /no line begins with '--- a/);
  refused(text.replace(' three\n', ''), /Hunk at line 3/);
  const bug = parseBug('02-y.patch', text);
  t.throws(() => applyBug(bug, new Map([['a.c', 'one\n2\nthree\n']])), {
    code: 'SEEDED_BUG',
    message: /02-y\.patch.*line 1 of a\.c does not apply/,
  });
  t.throws(() => applyBug(bug, new Map([['c.c', '']])), { message: /02-y\.patch.*a\.c/ });
});

t.test('a bug whose cause nothing can show gives the reason', async (t) => {
  const bug = parseBug('03-z.patch', text.replace(/^Cause: .*/m, 'Cause: none: the guest is gone'));
  t.strictSame(bug.causes, []);
});

t.test('readBugs reads a directory', async (t) => {
  const directory = t.testdir({ '02-b.patch': text, '01-a.patch': text, 'README.md': 'not a patch' });
  t.strictSame(
    (await readBugs(directory)).map(({ name }) => name),
    ['01-a', '02-b'],
  );
  await t.rejects(readBugs(`${directory}/none`), {
    code: 'SEEDED_BUGS_ABSENT',
    message: /not in the npm package/,
  });
});

t.test('each bug of the collection has a number of its own', async (t) => {
  const bugs = await readBugs(asset('driver', 'seeded-bugs'));
  t.ok(bugs.length > 200, `${bugs.length} bugs`);
  const numbers = bugs.map(({ name }) => Number.parseInt(name, 10));
  t.strictSame(
    numbers.filter((number, index) => numbers.indexOf(number) !== index),
    [],
  );
});

t.test('selects bugs by number, by a part of the name, and by kernel', async (t) => {
  const bug = { name: '251-poll-is-deferrable', kernel: undefined };
  for (const word of ['251', '251-', '25', 'deferrable']) t.ok(isSelectedBy(word, bug), word);
  for (const word of ['51-', '1', 'stop']) t.notOk(isSelectedBy(word, bug), word);
  t.ok(isSelectedBy('6.12-debug', { name: '182-lock-order', kernel: '6.12-debug' }));
});
