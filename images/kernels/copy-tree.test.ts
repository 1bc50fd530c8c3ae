import { chmod, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { copyTrees } from './copy-tree.js';

/** Writes the files; a content that begins with `-> ` makes a link. Returns root and target. */
const fill = async (
  top: string,
  files: Readonly<Record<string, string>>,
): Promise<{ root: string; to: string }> => {
  const root = join(top, 'root');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (text.startsWith('-> ')) await symlink(text.slice(3), join(root, path));
    else await writeFile(join(root, path), text);
  }
  return { root, to: join(top, 'to') };
};

const filesIn = async (directory: string): Promise<string[]> => {
  const { stdout } = await execa('find', ['.', '!', '-type', 'd'], { cwd: directory });
  return stdout
    .split('\n')
    .map((path) => path.slice(2))
    .sort();
};

t.test('links lead to copies, or become copies', async (t) => {
  const { root, to } = await fill(t.testdir({}), {
    'a/file': 'one',
    'a/inside': '-> file',
    'a/other': '-> /b/sub/file',
    'a/outside': '-> ../c/file',
    'a/store': '-> /c',
    'a/dangling': '-> nowhere',
    'a/up': '-> ..',
    'a/top': '-> /',
    'a/build/x': 'left out',
    'b/sub/file': 'two',
    'c/file': 'three',
    'c/back': '-> /a',
  });
  const copies = new Map([
    ['a', 'usr/new/a'],
    ['b', 'other/b'],
  ]);
  await copyTrees({ root, to, copies, without: new Set(['build']) });
  t.strictSame(await filesIn(to), [
    'other/b/sub/file',
    ...['file', 'inside', 'other', 'outside', 'store/file'].map((name) => `usr/new/a/${name}`),
  ]);
  const at = (name: string) => join(to, 'usr/new/a', name);
  t.equal(await readlink(at('inside')), 'file');
  t.equal(await readlink(at('other')), '../../../other/b/sub/file');
  t.equal(await readFile(at('other'), 'utf8'), 'two');
  t.equal(await readFile(at('store/file'), 'utf8'), 'three');
});

t.test('the copies of a read-only store can be changed and removed; programs stay programs', async (t) => {
  const { root, to } = await fill(t.testdir({}), { 'a/sub/program': 'x', 'a/sub/text': 'x' });
  await chmod(join(root, 'a/sub/program'), 0o555);
  await chmod(join(root, 'a/sub/text'), 0o444);
  await chmod(join(root, 'a/sub'), 0o555);
  await copyTrees({ root, to, copies: new Map([['a', 'a']]) });
  // The test's own directory must be removable.
  await chmod(join(root, 'a/sub'), 0o755);
  const modeOf = async (path: string) => (await stat(join(to, path))).mode & 0o777;
  t.equal(await modeOf('a/sub/program'), 0o755);
  t.equal(await modeOf('a/sub/text'), 0o644);
  t.equal((await modeOf('a/sub')) & 0o700, 0o700);
});
