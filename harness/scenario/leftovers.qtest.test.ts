// What counts as left behind, told by the awk that the guest has.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { holdings, leftovers, newLines } from './leftovers.js';

const root = await ensureToolRoot();

t.test('what is new is left, also a second one of the same', async (t) => {
  const directory = t.testdir();
  const compare = async (before: readonly string[], after: readonly string[]): Promise<string> => {
    const files = { before, now: after };
    for (const [name, lines] of Object.entries(files))
      await writeFile(join(directory, name), lines.map((line) => `${line}\n`).join(''));
    const argv = ['busybox', 'awk', newLines, ...Object.keys(files).map((name) => join(directory, name))];
    return (await runInToolRoot(root, argv, { binds: [{ path: directory }] })).stdout;
  };
  const before = ['handler 10/a', 'I/O range 1000-1fff : a'];
  t.equal(await compare(before, before), '');
  t.equal(await compare(before, [...before].reverse()), '', 'in whatever order');
  t.equal(await compare(before, ['handler 10/a']), '', 'what is gone is not left');
  t.equal(await compare(before, ['module b', ...before]), 'module b');
  t.equal(await compare(before, [...before, 'handler 10/a']), 'handler 10/a');
});

t.test('it is compared with what was noted of the same function', async (t) => {
  const asked: string[] = [];
  const answers = ['/run/held.1', 'module b\nmodule c', '/run/held.2', ''];
  const shell = {
    text: async (command: string): Promise<string> => {
      asked.push(command);
      return answers.shift() ?? '';
    },
  };
  t.same(await leftovers(shell, await holdings(shell, '0000:00:06.0')), ['module b', 'module c']);
  t.match(
    asked[1],
    /^holdings 0000:00:06\.0 >\/run\/held\.1\.now && awk .* \/run\/held\.1 \/run\/held\.1\.now$/,
  );
  t.same(await leftovers(shell, await holdings(shell, null)), []);
  t.match(asked[2], /; holdings {2}>\$file/);
});
