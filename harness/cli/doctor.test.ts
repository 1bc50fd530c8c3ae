import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { captured } from '../testing/captured.js';
import { runCommand } from './command.js';

t.test('each check prints a line, and a failed check gives exit status 3', async (t) => {
  const before = { ...process.env };
  t.teardown(() => {
    process.env = before;
  });
  const directory = t.testdir({ cache: {}, bin: {} });
  chmodSync(directory, 0o755);
  process.env = {
    ...before,
    XDG_CACHE_HOME: `${directory}/cache`,
    PATH: `${directory}/bin`,
    VMMCI_SNAPSHOT_LIMIT: 'x',
  };
  const { status, out } = await captured(t, () => runCommand(['doctor']));
  t.equal(status, 3);
  t.match(out, /^ok +Node +v\d+/m);
  t.match(out, /^WRONG +programs +this host does not have .*bwrap.*; install with: /m);
  t.match(out, /^- +namespaces +unknown: fails as programs does$/m);
  t.match(out, /^WRONG +snapshot limit +VMMCI_SNAPSHOT_LIMIT: expected a number of MiB, got 'x'/m);
  t.match(out, /^ok +cache +.* GB free$/m);
  t.match(out, /^ok +tool root +not built yet: run vmmci setup$/m);
});

t.test('a cache that cannot be written to is reported once', async (t) => {
  const before = { ...process.env };
  t.teardown(() => {
    process.env = before;
  });
  const file = join(t.testdir({ file: '' }), 'file');
  process.env = { ...before, XDG_CACHE_HOME: file };
  const { status, out } = await captured(t, () => runCommand(['doctor']));
  t.equal(status, 3);
  t.match(out, /^WRONG +cache +cannot write to the cache /m);
  t.equal(out.split(file).length - 1, 1, 'mentions of the cache');
  t.match(
    out,
    /^ok +QEMU +unknown until vmmci setup has built the tool root$/m,
    'what only reads is checked',
  );
});
