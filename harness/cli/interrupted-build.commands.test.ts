// A signal while `vmmci watch` compiles: to the whole process group, as Ctrl-C in a terminal, and to the
// command alone.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { watchFiles } from './watch-files.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(120_000);

/** A build that says that it has begun, and never ends. */
const kbuild = 'obj-m += x.o\n$(shell touch $(src)/begun; sleep infinity)\n';

const description = {
  name: 'x',
  modules: ['x'],
  pciDriver: 'x',
  virtioDriver: 'x',
};

for (const [signal, to] of [
  ['SIGINT', 'the process group'],
  ['SIGTERM', 'the command'],
] as const)
  t.test(`${signal} to ${to} ends the compiler, and nothing is left or blamed`, async (t) => {
    const top = await mkdtemp(join(tmpdir(), 'vmmci-interrupted-'));
    t.teardown(() => rm(top, { recursive: true, force: true }));
    const [driver, temporary] = [join(top, 'driver'), join(top, 'tmp')];
    await mkdir(driver);
    await mkdir(temporary);
    await writeFile(join(driver, 'Kbuild'), kbuild);
    await writeFile(join(driver, 'x.c'), '');
    await writeFile(join(driver, 'vmmci-driver.json'), JSON.stringify(description));
    const watched = watchFiles(temporary);
    t.teardown(() => watched.close());
    const child = execa(process.execPath, [main, 'watch', '--driver', driver], {
      cwd: top,
      env: { TMPDIR: temporary, VMMCI_DRIVER: undefined, VMMCI_DRIVER_DESCRIPTION: undefined },
      detached: true,
      reject: false,
      all: true,
    });
    // The compiler makes and removes directories in the tree, so it is not walked.
    const hasBegun = async (): Promise<boolean> =>
      (await readdir(temporary)).some((name) => existsSync(join(temporary, name, 'tree/begun')));
    while (!(await hasBegun())) await watched.changed();
    if (child.pid === undefined) throw new Error('not started');
    process.kill(to === 'the command' ? child.pid : -child.pid, signal);
    const { exitCode, all } = await child;
    t.match(all, /^watching .*$/);
    t.equal(exitCode, 0);
    t.strictSame(await readdir(temporary), []);
  });
