import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { bootstrap } from './bootstrap.js';
import { ensureToolRoot } from './ensure.js';
import { proxies, proxyNote } from './proxies.js';
import { debianRecipe, recipeHash } from './recipe.js';

const setVariable = (t: { teardown(fn: () => void): void }, name: string, value: string): void => {
  const before = process.env[name];
  process.env[name] = value;
  t.teardown(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
};

const start = (directory: string) =>
  bootstrap(
    {
      recipe: debianRecipe,
      directory: join(directory, 'root'),
      scratch: directory,
      log: join(directory, 'log'),
    },
    { guard: () => () => {}, removeIfKilled: () => {}, keep: () => {} },
    () => {},
  );

t.test('a mirror that is not a URL is refused before anything is started', async (t) => {
  const directory = t.testdir({});
  setVariable(t, 'VMMCI_MIRROR', 'notaurl');
  await t.rejects(start(directory), {
    code: 'INVALID_VALUE',
    fields: { name: 'VMMCI_MIRROR', value: 'notaurl' },
  });
  t.notOk(existsSync(join(directory, 'root')));
});

t.test('a security mirror without a mirror is refused before anything is started', async (t) => {
  const directory = t.testdir({});
  setVariable(t, 'VMMCI_SECURITY_MIRROR', 'http://mirror.example/debian-security');
  await t.rejects(start(directory), { code: 'MIRROR_ALONE' });
  t.notOk(existsSync(join(directory, 'root')));
});

t.test('wrong mirror variables are reported even if nothing must be fetched', async (t) => {
  const cache = t.testdir({});
  const root = join(cache, 'vmmci-harness/toolroot', recipeHash);
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(join(root, 'etc/vmmci-tool-root.json'), '{"version":"11.1.3"}');
  setVariable(t, 'XDG_CACHE_HOME', cache);
  await t.rejects(ensureToolRoot(), { code: 'TOOLROOT_DAMAGED' }, 'the tool root of this test is empty');
  setVariable(t, 'VMMCI_SECURITY_MIRROR', 'http://mirror.example/debian-security');
  await t.rejects(ensureToolRoot(), { code: 'MIRROR_ALONE' });
  setVariable(t, 'VMMCI_MIRROR', 'notaurl');
  await t.rejects(ensureToolRoot(), { code: 'INVALID_VALUE', fields: { name: 'VMMCI_MIRROR' } });
});

t.test('a failure of the network names the proxy, without its password', async (t) => {
  t.equal(proxyNote({}), '');
  t.equal(proxyNote({ no_proxy: 'localhost' }), '');
  t.equal(
    proxyNote({ HTTP_PROXY: 'http://user:secret@proxy:3128/' }),
    ' (through the proxy proxy:3128 of http_proxy)',
  );
});

t.test('upper-case proxy variables are used unless the lower-case one is set', async (t) => {
  t.match(proxies({ HTTP_PROXY: 'http://a', HTTPS_PROXY: 'http://b', https_proxy: 'http://c' }), {
    http_proxy: 'http://a',
    https_proxy: 'http://c',
    ftp_proxy: undefined,
  });
});
