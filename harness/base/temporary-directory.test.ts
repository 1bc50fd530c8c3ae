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

t.test('is private, and gone when removed', async (t) => {
  const directory = temporaryDirectory();
  t.equal(statSync(directory.path).mode & 0o777, 0o700);
  directory.remove();
  t.notOk(existsSync(directory.path));
  directory.remove();
});

t.test('the next process removes what a killed one has left, and nothing else', async (t) => {
  const parent = parentFor(t);
  mkdirSync(join(parent, 'vmmci-precious'));
  mkdirSync(join(parent, 'vmmci-zzz12345-1-AAAAAA')); // of another namespace: nobody here can tell whether it lives
  const before = readdirSync(parent);
  t.equal(run(parent, leave).signal, 'SIGKILL');
  t.equal(readdirSync(parent).length, before.length + 1);
  t.equal(run(parent, 'temporaryDirectory().remove()').status, 0);
  t.same(readdirSync(parent), before);
});

t.test('what a process that runs has made is left alone', async (t) => {
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

t.test('a TMPDIR that cannot be used is named, with what to do', async (t) => {
  const parent = parentFor(t);
  const missing = run(join(parent, 'missing'), 'temporaryDirectory()');
  t.match(
    missing.stderr,
    /HarnessError: no temporary directory can be made in .*missing: ENOENT; set TMPDIR to/,
  );
  if (process.getuid?.() === 0) return;
  chmodSync(parent, 0o500);
  t.match(run(parent, 'temporaryDirectory()').stderr, /EACCES; set TMPDIR/);
});
