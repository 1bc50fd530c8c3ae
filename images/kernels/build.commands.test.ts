// Builds modules for the default kernel: which sources kbuild accepts, and which error a failed build gives.
// Needs the tool root and the kernel.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { buildInTree, type ModuleSet } from './build.js';
import { ensureKernel } from './ensure.js';
import { type Kernel, kernelBinds } from './kernel.js';
import { defaultKernelName, kernelRow } from './table.js';

t.setTimeout(300_000);

const root = await ensureToolRoot();
const kernel = await ensureKernel(kernelRow(defaultKernelName), root);

const source = `#include <linux/module.h>
MODULE_DESCRIPTION("x");
MODULE_LICENSE("GPL");
`;

type Files = NonNullable<Parameters<typeof t.testdir>[0]>;

/** Builds a driver from these files (default: for the default kernel). */
const build = (t: { testdir(files: Files): string }, files: Files, on = kernel): Promise<ModuleSet> => {
  const directory = t.testdir({ driver: files });
  return buildInTree(on, root, join(directory, 'driver'), join(directory, 'tree'));
};

t.test('includes, subdirectories and links are built', async (t) => {
  const { modules } = await build(t, {
    Makefile: 'include $(src)/version.txt\nobj-m += top.o src/\n',
    'version.txt': 'ccflags-y += -DVERSION=7\n',
    'top.c': `${source}static int v[VERSION == 7 ? 1 : -1] __maybe_unused;\n`,
    src: { Makefile: 'obj-m += deep.o\n', 'deep.c': source },
    self: t.fixture('symlink', '.'),
  });
  t.strictSame(modules, ['deep.ko', 'top.ko']);
});

t.test('a kept build tree has no modules that the sources no longer build', async (t) => {
  const directory = t.testdir({ driver: { Kbuild: 'obj-m += a.o b.o\n', 'a.c': source, 'b.c': source } });
  const [driver, tree] = [join(directory, 'driver'), join(directory, 'tree')];
  t.strictSame((await buildInTree(kernel, root, driver, tree)).modules, ['a.ko', 'b.ko']);
  await writeFile(join(driver, 'Kbuild'), 'obj-m += b.o\n');
  t.strictSame((await buildInTree(kernel, root, driver, tree)).modules, ['b.ko']);
});

t.test('a driver that does not compile fails with the first real error', async (t) => {
  const cases: readonly [files: Record<string, string>, reason: RegExp][] = [
    [
      { Kbuild: 'obj-m += a.o\n', 'a.c': `${source}int f(void) { return gone; }\n` },
      /a\.c:\d+:\d+: error: .gone. undeclared/,
    ],
    [{ Kbuild: 'obj-m += a.o\nccflags-y += -fbogus\n', 'a.c': source }, /gcc: error: .*-fbogus/],
    [
      { Kbuild: 'obj-m += a.o\n', 'a.c': `#include "gone.h"\n${source}` },
      /fatal error: gone\.h: No such file/,
    ],
    [{ Kbuild: 'obj-m += a.o\n' }, /No rule to make target/],
    [{ Kbuild: '\n' }, /made no module/],
    [{ Kbuild: 'obj-m += a.o\n$(error \x1b[31mred)\n' }, /\\x1b\[31mred/],
  ];
  for (const [files, reason] of cases)
    await t.rejects(build(t, files), { code: 'DRIVER_BUILD', fields: { reason } }, String(reason));
});

t.test('a kernel tree whose programs do not run here is not the driver’s fault', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-fixdep-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const fixdep = join(directory, 'fixdep');
  await writeFile(fixdep, '#!/nonexistent/sh\n', { mode: 0o755 });
  // Replaces fixdep, which kbuild runs after each compilation.
  const sources = await readdir(join(kernel.directory, 'usr/src'));
  const kbuild = sources.find((name) => name.startsWith('linux-kbuild-'));
  const at = `/usr/src/${kbuild}/scripts/basic/fixdep`;
  const broken: Kernel = { ...kernel, buildBinds: [...kernelBinds(kernel), { path: fixdep, at }] };
  const files = { Kbuild: 'obj-m += a.o\n', 'a.c': source };
  await t.rejects(build(t, files, broken), {
    code: 'KERNEL_TREE',
    fields: { reason: /no module can be built for it here: .*fixdep.*not found/ },
  });
  await t.rejects(build(t, files, { ...broken, flavour: 'own', ask: 'dir:/x' }), {
    code: 'KERNEL_DIRECTORY',
    blame: 'usage',
    fields: { directory: 'dir:/x' },
  });
});
