import { chmod, lstat, mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { firstError, tidyLog, warningsIn } from './build-log.js';
import { copySources, hashSources, listSources, updateSources } from './module-sources.js';

const log = `make: Entering directory '/usr/src/linux-headers-6.1.0-56-cloud-amd64'
warning: the compiler differs from the one used to build the kernel
  CC [M]  /build/a.o
/usr/src/linux-headers-6.1.0-56-common/include/linux/x.h:1:2: warning: theirs [-Wx]
./include/linux/y.h:3:4: warning: theirs too [-Wx]
/build/a.c: In function ‘f’:
/build/a.c:7:9: warning: unused variable ‘x’ [-Wunused-variable]
sub/b.c:8: warning: mine
/build/a.c:9:5: error: expected ‘;’ before ‘}’ token
make[1]: *** [Makefile:250: /build/a.o] Error 1
WARNING: modpost: missing MODULE_DESCRIPTION() in a.o
`;

t.test("the driver's own warnings and the first error, by the driver's own names", async (t) => {
  const tidy = tidyLog(log);
  t.strictSame(warningsIn(tidy), [
    'a.c:7:9: warning: unused variable ‘x’ [-Wunused-variable]',
    'sub/b.c:8: warning: mine',
    'WARNING: modpost: missing MODULE_DESCRIPTION() in a.o',
  ]);
  t.equal(firstError(tidy), 'a.c:9:5: error: expected ‘;’ before ‘}’ token');
});

t.test('errors that are not the compiler’s', async (t) => {
  t.equal(
    firstError('make: *** [x] Error 2\nERROR: modpost: "gone" [a.ko] undefined!\n'),
    'ERROR: modpost: "gone" [a.ko] undefined!',
  );
  t.equal(
    firstError('a\nmake[2]: *** No rule to make target "b.o".  Stop.\nmake: *** c'),
    'make[2]: *** No rule to make target "b.o".  Stop.',
  );
  t.equal(firstError('bwrap: no such file\n\n'), 'bwrap: no such file');
  t.equal(firstError(''), 'no output');
});

t.test('sources: what is built from, not what was built', async (t) => {
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
    },
    bare: { 'a.c': '' },
  });
  const driver = join(directory, 'driver');
  const files = await listSources(driver);
  t.strictSame(files, ['Kbuild', 'a.c', 'include/a.h']);
  await t.rejects(listSources(join(directory, 'bare')), { code: 'DRIVER_SOURCE', message: /no Kbuild/ });
  await t.rejects(listSources(join(directory, 'gone')), { code: 'DRIVER_SOURCE', message: /ENOENT/ });

  const key = await hashSources(driver, files, ['kernel', 'gcc']);
  await utimes(join(driver, 'a.c'), 0, 0);
  await writeFile(join(driver, 'a.ko'), 'built');
  t.equal(
    await hashSources(driver, await listSources(driver), ['kernel', 'gcc']),
    key,
    'neither times nor output count',
  );
  t.not(await hashSources(driver, files, ['kernel', 'other gcc']), key);
  t.not(await hashSources(driver, ['Kbuild', 'a.c'], ['kernel', 'gcc']), key);
  await writeFile(join(driver, 'a.c'), 'int b;');
  t.not(await hashSources(driver, files, ['kernel', 'gcc']), key);
});

t.test('links are copied as files', async (t) => {
  const directory = t.testdir({ 'outside.c': 'int o;', driver: { Kbuild: '' } });
  const driver = join(directory, 'driver');
  await mkdir(join(driver, 'sub'));
  await symlink('../../outside.c', join(driver, 'sub/in.c'));
  await chmod(join(driver, 'Kbuild'), 0o444);
  const files = await listSources(driver);
  await copySources(driver, files, join(directory, 'copy'));
  t.equal(await readFile(join(directory, 'copy/sub/in.c'), 'utf8'), 'int o;');
  t.ok((await lstat(join(directory, 'copy/sub/in.c'))).isFile());
  t.strictSame(await listSources(join(directory, 'copy')), files);
});

t.test('a tree that is kept gets just what changed', async (t) => {
  const directory = t.testdir({
    driver: { Kbuild: 'obj-m += a.o', 'a.c': 'int a;', sub: { 'b.h': 'b' } },
    tree: { Kbuild: 'obj-m += a.o', 'a.c': 'int old;', 'gone.c': '', 'a.o': 'object' },
  });
  const [driver, tree] = [join(directory, 'driver'), join(directory, 'tree')];
  await utimes(join(tree, 'Kbuild'), 1, 1);
  await updateSources(driver, await listSources(driver), tree);
  t.strictSame(await listSources(tree), ['Kbuild', 'a.c', 'sub/b.h']);
  t.equal(await readFile(join(tree, 'a.c'), 'utf8'), 'int a;');
  t.equal((await stat(join(tree, 'Kbuild'))).mtimeMs, 1000, 'what is the same is not touched');
  t.equal(await readFile(join(tree, 'a.o'), 'utf8'), 'object', 'what was built stays');
});
