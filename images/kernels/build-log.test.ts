import t from 'tap';
import { errorsIn, firstError, hostTrouble, isAboutSource, tidyLog, warningsIn } from './build-log.js';

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

t.test("warnings about the driver's files and the first error have the driver's file names", async (t) => {
  const tidy = tidyLog(log);
  t.strictSame(warningsIn(tidy), [
    'a.c:7:9: warning: unused variable ‘x’ [-Wunused-variable]',
    'sub/b.c:8: warning: mine',
    'WARNING: modpost: missing MODULE_DESCRIPTION() in a.o',
  ]);
  t.equal(firstError(tidy), 'a.c:9:5: error: expected ‘;’ before ‘}’ token');
});

t.test('errors of make, modpost and bwrap', async (t) => {
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

t.test('errors of programs do not blame the driver’s source', async (t) => {
  const unclear = [
    'gcc: error: unrecognized command-line option ‘-fbogus’',
    'sh: 1: clang: not found',
    '/bin/sh: 1: scripts/basic/fixdep: not found',
    "scripts/mod/modpost: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.99' not found (required by scripts/mod/modpost)",
    'cc1: error: cannot load plugin ./scripts/gcc-plugins/x.so: undefined symbol',
    'a.c:1:10: fatal error: linux/gone.h: No such file or directory',
    './include/linux/x.h:3:1: error: unknown type name ‘y’',
    "make[1]: *** No rule to make target 'Makefile'.  Stop.",
  ];
  for (const line of unclear) {
    t.equal(
      firstError(`  CC [M]  a.o\n${line}\nmake[2]: *** [Makefile:1: a.o] Error 127\nmake: *** [x] Error 2\n`),
      line,
    );
    t.notOk(isAboutSource(line), line);
  }
  for (const line of ['a.c:9:5: error: expected ‘;’', 'src/b.c:1: error: x']) t.ok(isAboutSource(line), line);
});

t.test('all errors of a kind are listed in order, each once', async (t) => {
  const log = [
    '  CC [M]  a.o',
    "a.c:79:10: error: 'struct ctl_table' has no member named 'child'",
    '   79 |         .child          = drift_table,',
    "a.c:252:30: error: implicit declaration of function 'register_sysctl_table'",
    'cc1: some warnings being treated as errors',
    "a.c:252:30: error: implicit declaration of function 'register_sysctl_table'",
    'make: *** [x] Error 2',
  ];
  t.strictSame(errorsIn(log.join('\n')), [log[1], log[3]]);
  t.strictSame(errorsIn('make: *** [x] Error 2\n'), ['make: *** [x] Error 2']);
  t.strictSame(errorsIn('nothing known\n'), ['nothing known']);
});

t.test('programs that the host ended', async (t) => {
  for (const line of [
    'gcc: fatal error: Killed signal terminated program cc1',
    'a.c:1:1: internal compiler error: Segmentation fault',
    'cc1: out of memory allocating 65536 bytes',
    'make[2]: *** [Makefile:1: a.o] Killed',
    'make: *** [Makefile:9: sub] Terminated',
  ])
    t.equal(hostTrouble(`x\n${line}\ny`), line);
  t.equal(hostTrouble('a.c:1:1: error: ‘Killed’ undeclared\n'), undefined);
});
