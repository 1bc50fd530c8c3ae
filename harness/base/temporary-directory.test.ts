import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { temporaryDirectory } from './temporary-directory.js';

const parentFor = (t: Test): string => {
  const parent = mkdtempSync(join(tmpdir(), 'parent-'));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  return parent;
};

const module = new URL('./temporary-directory.js', import.meta.url).href;

/** Runs `text` in a process whose temporary directories are in `parent`. */
const run = (parent: string, text: string) =>
  spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const { temporaryDirectory } = await import('${module}'); const fs = await import('node:fs'); ${text}`,
    ],
    { env: { ...process.env, TMPDIR: parent }, encoding: 'utf8' },
  );

const leave =
  "fs.writeFileSync(temporaryDirectory().path + '/file', ''); process.kill(process.pid, 'SIGKILL');";

t.test('a temporary directory is private, and remove() deletes it', async (t) => {
  const directory = temporaryDirectory();
  t.equal(statSync(directory.path).mode & 0o777, 0o700);
  directory.remove();
  t.notOk(existsSync(directory.path));
  directory.remove();
});

t.test('the next process removes the leftovers of a killed one, and nothing else', async (t) => {
  const parent = parentFor(t);
  mkdirSync(join(parent, 'vmmci-precious'));
  mkdirSync(join(parent, 'vmmci-zzz12345-1-AAAAAA')); // of another namespace: this process cannot know whether its owner runs
  const before = readdirSync(parent);
  t.equal(run(parent, leave).signal, 'SIGKILL');
  t.equal(readdirSync(parent).length, before.length + 1);
  t.equal(run(parent, 'temporaryDirectory().remove()').status, 0);
  t.same(readdirSync(parent), before);
});

t.test('the directory of a running process is kept', async (t) => {
  const parent = parentFor(t);
  const { stdout, stderr } = run(
    parent,
    `const mine = temporaryDirectory();
    const { execFileSync } = await import('node:child_process');
    execFileSync(process.execPath, ['--input-type=module', '--eval',
      "(await import('${module}')).temporaryDirectory().remove()"]);
    console.log(fs.existsSync(mine.path));`,
  );
  t.equal(stdout, 'true\n', stderr);
});

t.test('the error for an unusable TMPDIR names it and says what to do', async (t) => {
  const parent = parentFor(t);
  const missing = run(join(parent, 'missing'), 'temporaryDirectory()');
  t.match(
    missing.stderr,
    /HarnessError: cannot create a temporary directory in .*missing: ENOENT; set TMPDIR to/,
  );
  if (process.getuid?.() === 0) return;
  chmodSync(parent, 0o500);
  t.match(run(parent, 'temporaryDirectory()').stderr, /EACCES; set TMPDIR/);
});
