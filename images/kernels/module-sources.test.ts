import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { temporaryDirectory } from '../../harness/base/temporary-directory.js';
import { copySources, hashSources, listSources, updateSources } from './module-sources.js';

const namesIn = async (directory: string): Promise<string[]> =>
  (await listSources(directory)).map(({ name }) => name);

t.test('sources are listed, and the output of builds is not', async (t) => {
  const directory = t.testdir({
    driver: {
      Kbuild: 'obj-m += a.o',
      'a.c': 'int a;',
      'a.o': '',
      'a.ko': '',
      'a.mod.c': '',
      '.a.o.cmd': '',
      'Module.symvers': '',
      'README.md': '',
      'transcript.txt': '',
      'seeded-bugs': { '01-x.patch': '' },
      include: { 'a.h': '#define A' },
      node_modules: { 'x.c': '' },
      '.git': { config: '' },
      runs: { '2026': { 'x.c': '' } },
      output: { '.vmmci-run': '', 'y.c': '' },
    },
    bare: { 'a.c': '' },
    odd: { Kbuild: {}, 'a.c': '' },
    dangling: { Makefile: t.fixture('symlink', 'none') },
  });
  const driver = join(directory, 'driver');
  const files = await listSources(driver);
  t.strictSame(await namesIn(driver), ['Kbuild', 'a.c', 'include/a.h']);
  await t.rejects(listSources(join(directory, 'bare')), { code: 'DRIVER_SOURCE', message: /no Kbuild/ });
  for (const name of ['odd', 'dangling'])
    await t.rejects(listSources(join(directory, name)), {
      code: 'DRIVER_SOURCE',
      message: /its Kbuild or Makefile is not a regular file/,
    });
  await t.rejects(listSources(join(directory, 'gone')), {
    code: 'DRIVER_SOURCE',
    message: /there is no such directory/,
  });

  const key = await hashSources(driver, files, ['kernel', 'gcc']);
  await utimes(join(driver, 'a.c'), 0, 0);
  await writeFile(join(driver, 'a.ko'), 'built');
  t.equal(
    await hashSources(driver, await listSources(driver), ['kernel', 'gcc']),
    key,
    'the hash after a change of times and of build output',
  );
  t.not(await hashSources(driver, files, ['kernel', 'other gcc']), key);
  t.not(await hashSources(driver, files.slice(0, 2), ['kernel', 'gcc']), key);
  await writeFile(join(driver, 'a.c'), 'int b;');
  t.not(await hashSources(driver, files, ['kernel', 'gcc']), key);
});

t.test('text files that a source file names are sources', async (t) => {
  const driver = t.testdir({
    Makefile: 'include version.txt\nobj-m += a.o\n',
    'version.txt': 'V := 1\n',
    'a.c': '#include "table.conf"\n',
    'table.conf': '',
    'README.md': 'see notes.log',
    'notes.log': '',
  });
  t.strictSame(await namesIn(driver), ['Makefile', 'a.c', 'table.conf', 'version.txt']);
});

t.test('sockets and FIFOs are not read', async (t) => {
  // The path of a testdir can be too long for a socket.
  const { path: driver, remove } = temporaryDirectory();
  t.teardown(remove);
  await writeFile(join(driver, 'Kbuild'), 'obj-m += a.o');
  await writeFile(join(driver, 'a.c'), '');
  await promisify(execFile)('mkfifo', [join(driver, 'fifo.c')]);
  const server = createServer().listen(join(driver, 'socket.c'));
  await once(server, 'listening');
  t.teardown(() => server.close());
  t.strictSame(await namesIn(driver), ['Kbuild', 'a.c']);
});

t.test(
  'links within the directory stay links; other links become files; dangling links are left out',
  async (t) => {
    const directory = t.testdir({
      'outside.c': 'int o;',
      shared: { 'x.h': 'x', up: {} },
      driver: { Kbuild: '', 'real.c': 'int r;', sub: {} },
    });
    const driver = join(directory, 'driver');
    await symlink('../../outside.c', join(driver, 'sub/in.c'));
    await symlink('.', join(driver, 'loop'));
    await symlink(join(driver, 'real.c'), join(driver, 'sub/absolute.c'));
    await symlink('/nonexistent/x.c', join(driver, 'dangling.c'));
    await symlink('../shared', join(driver, 'shared'));
    await symlink('../../driver', join(directory, 'shared/up/back'));
    await chmod(join(driver, 'Kbuild'), 0o444);
    const files = await listSources(driver);
    t.strictSame(
      files.map(({ name, target }) => [name, target]),
      [
        ['Kbuild', undefined],
        ['loop', '.'],
        ['real.c', undefined],
        ['shared/up/back', '../..'],
        ['shared/x.h', undefined],
        ['sub/absolute.c', '../real.c'],
        ['sub/in.c', undefined],
      ],
    );
    const copy = join(directory, 'copy');
    await copySources(driver, files, copy);
    t.equal(await readFile(join(copy, 'sub/in.c'), 'utf8'), 'int o;');
    t.ok((await lstat(join(copy, 'sub/in.c'))).isFile());
    t.equal(await readlink(join(copy, 'loop')), '.');
    t.equal(await readFile(join(copy, 'loop/sub/absolute.c'), 'utf8'), 'int r;');
    t.strictSame(await listSources(copy), files);
    t.equal(await hashSources(copy, files, []), await hashSources(driver, files, []));
  },
);

t.test('names that are not UTF-8 are kept', async (t) => {
  const directory = t.testdir({ driver: { Kbuild: 'obj-m += a.o' } });
  const driver = join(directory, 'driver');
  const odd = Buffer.concat([Buffer.from(`${driver}/b`), Buffer.from([0xff]), Buffer.from('.c')]);
  await writeFile(odd, 'int b;');
  const files = await listSources(driver);
  t.strictSame(
    files.map(({ path }) => path),
    ['Kbuild', 'b\xff.c'],
  );
  const copy = join(directory, 'copy');
  await copySources(driver, files, copy);
  t.strictSame(await listSources(copy), files);
});

t.test('only changed files are written to a kept build tree', async (t) => {
  const directory = t.testdir({
    driver: { Kbuild: 'obj-m += a.o', 'a.c': 'int a;', sub: { 'b.h': 'b' } },
    tree: {
      Kbuild: 'obj-m += a.o',
      'a.c': 'int old;',
      'gone.c': '',
      'a.o': 'object',
      '.modules': { 'a.ko': '' },
    },
  });
  const [driver, tree] = [join(directory, 'driver'), join(directory, 'tree')];
  await mkdir(join(tree, 'sub'));
  await symlink('../a.c', join(tree, 'sub/b.h'));
  await utimes(join(tree, 'Kbuild'), 1, 1);
  await updateSources(driver, await listSources(driver), tree);
  t.strictSame(await listSources(tree), await listSources(driver));
  t.equal(await readFile(join(tree, 'a.c'), 'utf8'), 'int a;');
  t.ok((await lstat(join(tree, 'sub/b.h'))).isFile(), 'a file replaced the link');
  t.equal((await stat(join(tree, 'Kbuild'))).mtimeMs, 1000, 'time of an unchanged file');
  t.equal(await readFile(join(tree, 'a.o'), 'utf8'), 'object', 'content of a built file');
});
