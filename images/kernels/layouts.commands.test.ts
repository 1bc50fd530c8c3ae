// Rearranges the default kernel into the layouts of seven distributions. Each is accepted, and a module is
// built for it.

import { chmod, cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { adoptKernel } from './adopt.js';
import { moduleClosure } from './closure.js';
import { ensureKernel } from './ensure.js';
import { defaultKernelName, kernelRow } from './table.js';

const minutes = 60_000;
t.setTimeout(30 * minutes);

const root = await ensureToolRoot();
const kernel = await ensureKernel(kernelRow(defaultKernelName), root);
const { release } = kernel;

/** Changes the root file system at `top`, which starts as Debian's with merged /usr. */
type Change = (top: string) => Promise<void>;

const move = async (top: string, from: string, to: string): Promise<void> => {
  await mkdir(dirname(join(top, to)), { recursive: true });
  await rename(join(top, from), join(top, to));
};

const pack =
  (program: string): Change =>
  async (top) => {
    const modules = join(top, 'usr/lib/modules', release);
    await execa('find', [modules, '-name', '*.ko.xz', '-exec', 'xz', '-d', '{}', '+']);
    await execa('find', [
      modules,
      '-name',
      '*.ko',
      '-exec',
      program,
      ...(program === 'zstd' ? ['-q', '--rm'] : []),
      '{}',
      '+',
    ]);
  };

const headers = `usr/src/linux-headers-${release}`;
const modules = `usr/lib/modules/${release}`;

/** Merges Debian's header trees into one that has no links out of it. */
const gather: Change = async (top) => {
  const whole = join(top, 'whole');
  const common = join(
    top,
    'usr/src',
    `${release.replace(/-[a-z].*/, '')}`.replace(/^/, 'linux-headers-').concat('-common'),
  );
  await cp(common, whole, { recursive: true, verbatimSymlinks: true });
  await rm(join(whole, 'scripts'), { recursive: true, force: true });
  await rm(join(whole, 'tools'), { recursive: true, force: true });
  await execa('cp', ['-rL', '--remove-destination', `${join(top, headers)}/.`, whole], { reject: false });
  await cp(join(common, 'Makefile'), join(whole, 'Makefile'), { force: true });
  await rm(join(top, 'usr/src'), { recursive: true });
  await move(top, 'whole', headers);
};

const linkBuild = async (top: string, target: string): Promise<void> => {
  await rm(join(top, modules, 'build'), { force: true });
  await symlink(target, join(top, modules, 'build'));
};

const layouts: Readonly<Record<string, Change>> = {
  debian: (top) => linkBuild(top, `/${headers}`),
  ubuntu: pack('zstd'),
  fedora: async (top) => {
    await gather(top);
    await move(top, `boot/vmlinuz-${release}`, `${modules}/vmlinuz`);
    await move(top, `boot/config-${release}`, `${modules}/config`);
    await move(top, headers, `usr/src/kernels/${release}`);
    await linkBuild(top, `/usr/src/kernels/${release}`);
  },
  arch: async (top) => {
    await gather(top);
    await pack('zstd')(top);
    await rm(join(top, modules, 'build'), { force: true });
    await move(top, headers, `${modules}/build`);
    await move(top, `boot/config-${release}`, `${modules}/build/.config`);
    await move(top, `boot/vmlinuz-${release}`, 'boot/vmlinuz-linux');
    await writeFile(join(top, modules, 'pkgbase'), 'linux\n');
  },
  openSUSE: async (top) => {
    await move(top, `boot/vmlinuz-${release}`, `${modules}/vmlinuz`);
    await move(top, `boot/config-${release}`, `${modules}/config`);
    await linkBuild(top, `/${headers}`);
  },
  alpine: async (top) => {
    await gather(top);
    await pack('gzip')(top);
    await move(top, `boot/vmlinuz-${release}`, 'boot/vmlinuz-amd64');
    await linkBuild(top, `/${headers}`);
  },
  nixOS: async (top) => {
    await gather(top);
    await rm(join(top, modules, 'build'), { force: true });
    await move(top, headers, `${modules}/build`);
    await move(top, `boot/config-${release}`, `${modules}/build/.config`);
    await move(top, `boot/vmlinuz-${release}`, 'bzImage');
    await rm(join(top, 'boot'), { recursive: true });
  },
};

for (const [name, change] of Object.entries(layouts))
  t.test(name, async (t) => {
    const top = join(t.testdir({}), name);
    await execa('cp', ['--archive', kernel.directory, top]);
    await symlink('usr/lib', join(top, 'lib'));
    await change(top);
    const lines: string[] = [];
    const row = kernelRow(`dir:${top}`);
    const adopted = await adoptKernel({ ...row, directory: top }, root, {
      progress: (line) => lines.push(line),
    });
    t.teardown(() => rm(adopted.directory, { recursive: true, force: true }));
    t.equal(adopted.release, release);
    const names = ['virtio_blk', 'ext4'];
    t.equal((await moduleClosure(adopted, names)).length, (await moduleClosure(kernel, names)).length);
    t.ok((await readFile(adopted.bootImage)).equals(await readFile(kernel.bootImage)));
    t.match(lines.at(-1), /building a module/, 'the last progress line');
    await chmod(top, 0o755);
  });
