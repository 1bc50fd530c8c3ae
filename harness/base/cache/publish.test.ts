import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { privateCache } from '../../testing/private-cache.js';
import { codeOf } from '../errors.js';
import { cacheDirectory } from './directory.js';
import { publish } from './publish.js';
import { removeTree } from './remove-tree.js';

t.test('a target is built once and appears complete', async (t) => {
  privateCache(t);
  const target = join(cacheDirectory(), 'deep/er/thing');
  let builds = 0;
  const build = async (temporary: string) => {
    builds++;
    t.strictSame(
      (await readdir(join(cacheDirectory(), 'deep/er'))).filter((name) => name === 'thing'),
      [],
      'the target does not exist during the build',
    );
    await mkdir(temporary);
    await writeFile(join(temporary, 'file'), 'content');
  };
  t.strictSame(await Promise.all([publish(target, build), publish(target, build)]), [target, target]);
  t.equal(await publish(target, build), target);
  t.equal(builds, 1);
  t.equal(await readFile(join(target, 'file'), 'utf8'), 'content');
  t.strictSame(await readdir(join(cacheDirectory(), 'deep/er')), ['thing']);
});

t.test('a damaged entry is built again, by one process', async (t) => {
  privateCache(t);
  const target = join(cacheDirectory(), 'thing');
  await mkdir(target);
  let builds = 0;
  const again = () =>
    publish(
      target,
      async (temporary) => {
        builds++;
        await writeFile(temporary, 'content');
      },
      { isIntact: async (path) => (await stat(path)).isFile() },
    );
  t.strictSame(await Promise.all([again(), again()]), [target, target]);
  t.equal(builds, 1);
  t.equal(await readFile(target, 'utf8'), 'content');
});

t.test('a failed build throws its error and leaves nothing', async (t) => {
  privateCache(t);
  const target = join(cacheDirectory(), 'thing');
  await t.rejects(
    publish(target, async (temporary) => {
      await writeFile(temporary, 'half');
      throw new Error('mine');
    }),
    { message: 'mine' },
  );
  t.strictSame(await readdir(cacheDirectory()), ['locks']);
});

t.test('a full disk is reported as CACHE_FULL', async (t) => {
  privateCache(t);
  for (const cause of [
    Object.assign(new Error('write'), { code: 'ENOSPC' }),
    new Error('tar: Cannot write: No space left on device'),
    new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'EDQUOT' }) }),
  ]) {
    const error = await publish(join(cacheDirectory(), 'thing'), async () => {
      throw cause;
    }).catch((error: unknown) => error);
    t.equal(codeOf(error), 'CACHE_FULL');
    t.match(error, { cause, fields: { path: cacheDirectory() } });
  }
});

t.test(
  'the leftovers of a killed build are removed, even if read-only, and those of other targets are kept',
  async (t) => {
    privateCache(t);
    const directory = cacheDirectory();
    const leftover = join(directory, '.thing.partial-01234567');
    await mkdir(join(leftover, 'sub'), { recursive: true });
    await writeFile(join(leftover, 'sub/file'), '');
    await chmod(join(leftover, 'sub'), 0o500);
    await writeFile(join(directory, '.other.partial-01234567'), '');
    await publish(join(directory, 'thing'), (temporary) => writeFile(temporary, ''));
    t.strictSame((await readdir(directory)).sort(), ['.other.partial-01234567', 'locks', 'thing']);
  },
);

t.test('the cache directory is private and follows XDG', async (t) => {
  const directory = privateCache(t);
  t.equal(directory, join(process.env.XDG_CACHE_HOME ?? '', 'vmmci-harness'));
  t.equal((await stat(directory)).mode & 0o777, 0o700);
  process.env.XDG_CACHE_HOME = 'relative';
  const before = process.env.HOME;
  t.teardown(() => {
    process.env.HOME = before;
  });
  process.env.HOME = directory;
  t.equal(cacheDirectory(), join(directory, '.cache/vmmci-harness'));
});

t.test('removing a missing path is not an error', async (t) => {
  privateCache(t);
  await t.resolves(removeTree(join(cacheDirectory(), 'nothing')));
});

t.test('a cache that is not writable is reported as CACHE_UNWRITABLE', async (t) => {
  const before = process.env.XDG_CACHE_HOME;
  t.teardown(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  process.env.XDG_CACHE_HOME = join(t.testdir({ file: '' }), 'file');
  t.throws(cacheDirectory, { code: 'CACHE_UNWRITABLE', fields: { reason: 'ENOTDIR' } });
});

const isRoot = process.getuid?.() === 0;

t.test(
  'a user without a home directory is told to choose a cache',
  { skip: isRoot ? false : 'needs root' },
  async (t) => {
    const module = JSON.stringify(new URL('./directory.js', import.meta.url).href);
    const text = `const { cacheDirectory } = await import(${module});
    try { cacheDirectory(); } catch ({ code, message }) { console.log(code, message); }`;
    // No entry in passwd, as in a container with another user id.
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], {
      uid: 54_321,
      gid: 54_321,
      env: { HOME: '' },
      encoding: 'utf8',
    });
    t.match(
      stdout,
      /^CACHE_UNWRITABLE .*\(HOME is not an absolute path, and user 54321 has no home directory\); set XDG_CACHE_HOME/,
      stderr,
    );
  },
);
