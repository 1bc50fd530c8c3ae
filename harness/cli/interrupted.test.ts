// Interrupts commands: one with processes and temporary files, and one that handles no signals itself.

import { once } from 'node:events';
import { mkdirSync, readdirSync, watch } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';

const main = join(import.meta.dirname, 'main.js');

const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

t.test('an interrupted benchmark prints one line, and leaves no process and no file', async (t) => {
  const top = temporaryDirectory();
  t.teardown(top.remove);
  const TMPDIR = join(top.path, 'tmp');
  mkdirSync(TMPDIR);
  for (const [signal, exitCode] of signals) {
    const watcher = watch(TMPDIR);
    const child = execa(process.execPath, [main, 'bench', '--clients', '1', '--rounds', '1000'], {
      env: { TMPDIR },
      reject: false,
    });
    // Its directory for sockets; its processes have not loaded their modules yet.
    await once(watcher, 'change');
    watcher.close();
    child.kill(signal);
    // The processes of the benchmark have the same standard error, so all have ended.
    const { stderr, ...result } = await child;
    t.match(result, { exitCode, stdout: '' });
    t.match(stderr, new RegExp(`^.* s {2}measuring with 1 concurrent clients\ninterrupted by ${signal}$`));
    t.strictSame(readdirSync(TMPDIR), []);
  }
});

t.test('a command that does not handle signals says by which it was interrupted', async (t) => {
  const directory = temporaryDirectory();
  t.teardown(directory.remove);
  const path = join(directory.path, 'control');
  const silent = createServer().listen(path);
  t.teardown(() => silent.close());
  await once(silent, 'listening');
  for (const [signal, exitCode] of signals) {
    const child = execa(process.execPath, [main, 'ctl', '--control', path, 'state'], { reject: false });
    await once(silent, 'connection');
    child.kill(signal);
    t.match(await child, { exitCode, stdout: '', stderr: `vmmci ctl: interrupted by ${signal}` });
  }
});
