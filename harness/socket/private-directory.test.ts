import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t from 'tap';

const module = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);

t.test('sockets work in any TMPDIR, and nothing is left of them', async (t) => {
  const top = mkdtempSync(join(tmpdir(), 'parent-'));
  t.teardown(() => rmSync(top, { recursive: true, force: true }));
  for (const bytes of [40, 66, 107, 250]) {
    const parent = join(top, 'x'.repeat(Math.max(1, bytes - top.length - 1)));
    mkdirSync(parent);
    const text = `
      const { privateDirectory } = await import(${module('./private-directory.js')});
      const { listen } = await import(${module('./listen.js')});
      const { connect } = await import(${module('./connect.js')});
      const { mkdirSync, realpathSync } = await import('node:fs');
      const directory = privateDirectory();
      mkdirSync(directory.path + '/sockets');
      const listener = await listen(directory.path + '/sockets/0/a-name-as-long-as.sock', () => {});
      (await connect(listener.path)).close();
      console.log(directory.path + ' ' + realpathSync(directory.path));
      listener.close();
      directory.remove();`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], {
      env: { ...process.env, TMPDIR: parent },
      encoding: 'utf8',
    });
    t.equal(stderr, '', `${bytes} bytes`);
    const [path = '', real = ''] = stdout.trim().split(' ');
    t.equal(real, join(realpathSync(parent), basename(path)), 'the directory is below TMPDIR');
    t.equal(lstatSync(path, { throwIfNoEntry: false }), undefined, 'the link is removed');
    t.same(readdirSync(parent), [], 'the directory is removed');
  }
});

t.test('the next process removes the link of a killed one', async (t) => {
  const top = mkdtempSync(join(tmpdir(), 'parent-'));
  t.teardown(() => rmSync(top, { recursive: true, force: true }));
  const parent = join(top, 'x'.repeat(100));
  mkdirSync(parent);
  const run = (text: string) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { privateDirectory } = await import(${module('./private-directory.js')});
        const directory = privateDirectory(); const fs = await import('node:fs'); ${text}`,
      ],
      { env: { ...process.env, TMPDIR: parent }, encoding: 'utf8' },
    );
  const { stdout } = run("fs.writeSync(1, directory.path); process.kill(process.pid, 'SIGKILL')");
  t.notSame(readdirSync(parent), []);
  t.equal(run('directory.remove()').status, 0);
  t.same(readdirSync(parent), []);
  t.equal(lstatSync(stdout, { throwIfNoEntry: false }), undefined);
});
