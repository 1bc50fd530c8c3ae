import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { claimRunDirectory, newRunDirectory } from './run-directory.js';

t.test('each run gets its own directory, and the names sort by time', (t) => {
  const parent = t.testdir({});
  const now = new Date('2026-01-02T03:04:05.678Z');
  const names = [1, 2, 3].map(() => basename(newRunDirectory(parent, now)));
  t.strictSame(names, ['2026-01-02T03.04.05', '2026-01-02T03.04.05-2', '2026-01-02T03.04.05-3']);
  newRunDirectory(parent, new Date('2026-01-02T03:04:06Z'));
  t.strictSame(readdirSync(parent).sort(), [...names, '2026-01-02T03.04.06']);
  t.end();
});

t.test('git ignores the runs, unless their directory was there before', (t) => {
  const parent = join(t.testdir({}), 'runs');
  const first = basename(newRunDirectory(parent));
  t.strictSame(readdirSync(parent), ['.gitignore', first]);
  t.equal(readFileSync(join(parent, '.gitignore'), 'utf8'), '*\n');
  const own = t.testdir({});
  const run = basename(newRunDirectory(own));
  t.strictSame(readdirSync(own), [run]);
  t.end();
});

t.test('a chosen directory that cannot be one is an error of the command line', async (t) => {
  const directory = t.testdir({ file: '', full: { file: '' } });
  const cases = { file: 'is not a directory', 'file/below': 'is below a file', full: 'is not empty' };
  for (const [name, reason] of Object.entries(cases)) {
    const path = join(directory, name);
    t.throws(() => claimRunDirectory(path), { code: 'RUN_DIRECTORY', fields: { directory: path, reason } });
  }
  t.equal(readFileSync(join(directory, 'file'), 'utf8'), '', 'nothing was written');
});

/** Runs `script` with the functions of run-directory.js in a process whose working directory is `cwd`. */
const inProcess = (cwd: string, script: string): void => {
  const module = JSON.stringify(new URL('run-directory.js', import.meta.url).href);
  const source = `import { claimRunDirectory, newRunDirectory } from ${module};\n${script}`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', source], { cwd });
};

t.test('a run that wrote nothing leaves nothing behind', async (t) => {
  const cwd = t.testdir({});
  inProcess(cwd, 'newRunDirectory(); newRunDirectory();');
  inProcess(cwd, "claimRunDirectory(process.cwd() + '/a/b/c')");
  t.strictSame(readdirSync(cwd), []);
  mkdirSync(join(cwd, 'mine'));
  inProcess(cwd, "claimRunDirectory(process.cwd() + '/mine/new'); process.exit()");
  inProcess(cwd, "claimRunDirectory(process.cwd() + '/mine'); process.exit()");
  t.strictSame(readdirSync(cwd), ['mine'], 'a directory that was there stays');
  t.strictSame(readdirSync(join(cwd, 'mine')), []);
});

t.test('a run that wrote something keeps its directory', async (t) => {
  const cwd = t.testdir({});
  const write = "(await import('node:fs')).writeFileSync";
  inProcess(cwd, `const run = newRunDirectory(); newRunDirectory(); ${write}(run + '/result', '')`);
  t.equal(readdirSync(join(cwd, 'runs')).length, 2, 'the .gitignore and one run');
  t.ok(existsSync(join(cwd, 'runs/.gitignore')));
});
