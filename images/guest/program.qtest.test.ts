// Tests the guest program in the tool root, as far as it needs no guest.

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { runInToolRoot } from '../toolroot/run.js';
import { compileProgram } from './inventory.js';
import { ensureUserland } from './userland.js';

const root = await ensureToolRoot();
const program = await compileProgram(root, await ensureUserland('amd64', root));

/** Runs a command of the program in a directory with `files`. */
const run = async (t: Test, words: readonly string[], files: Record<string, string> = {}) => {
  const directory = t.testdir(files);
  const path = join(directory, 'bin');
  await mkdir(path);
  await writeFile(join(path, 'vmmci-guest'), program, { mode: 0o755 });
  await symlink('vmmci-guest', join(path, words[0] ?? ''));
  const { stdout, stderr, exitCode } = await runInToolRoot(root, words, {
    env: { PATH: path },
    binds: [
      { path: directory, writable: true },
      { path: directory, at: '/mnt' },
    ],
    host: { reject: false },
  });
  return { stdout, stderr, exitCode };
};

t.test('read-files prints matching files in order and reports missing ones', async (t) => {
  const files = { a1: 'one', a2: 'two', b: 'three' };
  t.match(await run(t, ['read-files', '/mnt/b', '/mnt/a*'], files), { stdout: 'threeonetwo', exitCode: 0 });
  t.match(await run(t, ['read-files', '/mnt/b', '/mnt/c*'], files), {
    stderr: 'read-files: /mnt/c*: No such file or directory',
    exitCode: 1,
  });
  t.match(await run(t, ['read-files', '-f', '/mnt/c', '/mnt/b'], files), { stdout: 'three', exitCode: 0 });
});

t.test('clock-steps takes no arguments', async (t) => {
  t.match(await run(t, ['clock-steps', '1']), { stderr: /^clock-steps: no arguments$/, exitCode: 1 });
});

t.test('guest-clock accepts only numbers', async (t) => {
  t.match(await run(t, ['guest-clock']), { stdout: /^\d{19}$/, exitCode: 0 });
  for (const word of ['now', '', '1x', '+', '--1'])
    t.match(await run(t, ['guest-clock', word]), { stderr: /^guest-clock: /, exitCode: 1 }, word);
  t.match(await run(t, ['guest-clock', 'until', '0', `${10n ** 19n}`]), { exitCode: 0 });
  for (const name of ['tai', 'tick'])
    t.match(await run(t, ['guest-clock', name, 'x']), { stderr: /^guest-clock: /, exitCode: 1 }, name);
});

t.test('power-requests records, and accepts only a number to wait for', async (t) => {
  t.match(await run(t, ['power-requests', 'wait', '1x']), { stderr: 'power-requests: 1x', exitCode: 1 });
  t.match(await run(t, ['power-requests']), { stderr: /record, or wait NUMBER$/, exitCode: 1 });
});

t.test('memory-trace and log-lines need to know what to do', async (t) => {
  for (const words of [['memory-trace'], ['memory-trace', 'stop'], ['log-lines']])
    t.match(await run(t, words), { stderr: /^\S+: .*\.\.\./, exitCode: 1 }, words.join(' '));
});

t.test('rejects an unknown command', async (t) => {
  t.match(await run(t, ['ls']), { stderr: 'ls: not a command of this program', exitCode: 127 });
});
