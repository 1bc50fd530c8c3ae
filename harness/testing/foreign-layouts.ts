// Rearranges a kernel of Debian's into the layouts of other distributions: files are moved, links are made,
// and modules are packed in another way.

import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Kernel } from '../../images/kernels/kernel.js';
import type { ToolRoot } from '../../images/toolroot/enter.js';
import { runInToolRoot } from '../../images/toolroot/run.js';
import { cacheDirectory } from '../base/cache/directory.js';

type Packing = 'zst' | 'gz' | 'none';

/** A root file system that begins as Debian's with merged /usr. All paths are relative to it. */
class Tree {
  readonly top: string;
  readonly release: string;
  readonly modules: string;
  readonly #root: ToolRoot;

  constructor(top: string, release: string, root: ToolRoot) {
    this.top = top;
    this.release = release;
    this.modules = `usr/lib/modules/${release}`;
    this.#root = root;
  }

  async move(from: string, to: string): Promise<void> {
    await mkdir(dirname(join(this.top, to)), { recursive: true });
    await rename(join(this.top, from), join(this.top, to));
  }

  async copy(from: string, to: string): Promise<void> {
    await cp(join(this.top, from), join(this.top, to), { recursive: true, verbatimSymlinks: true });
  }

  async link(target: string, path: string): Promise<void> {
    await mkdir(dirname(join(this.top, path)), { recursive: true });
    await rm(join(this.top, path), { recursive: true, force: true });
    await symlink(target, join(this.top, path));
  }

  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.top, path), text);
  }

  /** Image and configuration beside the modules. */
  async gatherBoot(): Promise<void> {
    for (const name of ['vmlinuz', 'config'])
      await this.move(`boot/${name}-${this.release}`, `${this.modules}/${name}`);
  }

  /** Debian has each module packed by xz(1). */
  async pack(packing: Packing): Promise<void> {
    const program = { none: 'true', zst: 'zstd -q -1 --rm', gz: 'gzip -1' }[packing];
    const script = `find "$1" -name '*.ko.xz' -exec xz -d {} + && find "$1" -name '*.ko' -exec ${program} {} +`;
    await runInToolRoot(this.#root, ['sh', '-c', script, 'sh', join(this.top, this.modules)], {
      binds: [{ path: this.top, writable: true }],
    });
  }

  /** The names of Debian's three header trees. */
  async #headers(): Promise<{ common: string; build: string }> {
    const names = await readdir(join(this.top, 'usr/src'));
    const find = (pattern: RegExp): string => names.find((name) => pattern.test(name)) ?? '';
    return { common: `usr/src/${find(/-common$/)}`, build: `usr/src/${find(/^linux-kbuild-/)}` };
  }

  /**
   * The sources, with scripts and tools, at `sources`, and what was configured and built from them at
   * `build`.
   */
  async splitHeaders(sources: string, build: string): Promise<void> {
    const { common, build: kbuild } = await this.#headers();
    const own = `usr/src/linux-headers-${this.release}`;
    for (const name of ['scripts', 'tools'])
      for (const tree of [common, own]) {
        await rm(join(this.top, tree, name));
        await this.copy(`${kbuild}/${name}`, `${tree}/${name}`);
      }
    await rm(join(this.top, kbuild), { recursive: true });
    if (common !== sources) await this.move(common, sources);
    if (own !== build) await this.move(own, build);
  }

  /** One tree with everything. */
  async wholeHeaders(at: string): Promise<void> {
    await this.splitHeaders('whole', 'built');
    await rm(join(this.top, 'built/Makefile'));
    for (const name of ['scripts', 'tools']) await rm(join(this.top, 'built', name), { recursive: true });
    await execa('cp', [
      '--archive',
      '--remove-destination',
      `${join(this.top, 'built')}/.`,
      join(this.top, 'whole'),
    ]);
    await rm(join(this.top, 'built'), { recursive: true });
    await this.move('whole', at);
  }
}

/** What makes the layout of a distribution out of Debian's. */
const changes = {
  /** Debian 12 does not pack modules. */
  debian: async (tree) => {
    await tree.pack('none');
    await tree.link(`/usr/src/linux-headers-${tree.release}`, `${tree.modules}/build`);
  },
  ubuntu: async (tree) => {
    const [sources, build] = ['usr/src/linux-headers-6.1', `usr/src/linux-headers-${tree.release}`];
    await tree.pack('zst');
    await tree.splitHeaders(sources, build);
    await tree.link('../linux-headers-6.1/Makefile', `${build}/Makefile`);
    for (const name of await readdir(join(tree.top, sources, 'arch/x86')))
      if (name.startsWith('Makefile'))
        await tree.link(`../../../linux-headers-6.1/arch/x86/${name}`, `${build}/arch/x86/${name}`);
    for (const part of ['include', 'arch/x86/include']) {
      const have = await readdir(join(tree.top, build, part));
      const up = '../'.repeat(part.split('/').length + 1);
      for (const name of await readdir(join(tree.top, sources, part)))
        if (!have.includes(name))
          await tree.link(`${up}linux-headers-6.1/${part}/${name}`, `${build}/${part}/${name}`);
        else
          await execa('cp', [
            '--archive',
            '--no-clobber',
            `${join(tree.top, sources, part, name)}/.`,
            join(tree.top, build, part, name),
          ]);
    }
    await tree.link(`/${build}`, `${tree.modules}/build`);
  },
  fedora: async (tree) => {
    const build = `usr/src/kernels/${tree.release}`;
    await tree.wholeHeaders(build);
    await tree.gatherBoot();
    await tree.link(`/${build}`, `${tree.modules}/build`);
    await tree.link('build', `${tree.modules}/source`);
  },
  arch: async (tree) => {
    const build = `${tree.modules}/build`;
    await tree.pack('zst');
    await rm(join(tree.top, build), { force: true });
    await tree.wholeHeaders(build);
    await tree.move(`boot/config-${tree.release}`, `${build}/.config`);
    await tree.move(`boot/vmlinuz-${tree.release}`, 'boot/vmlinuz-linux');
    await tree.write(`${tree.modules}/pkgbase`, 'linux\n');
    await tree.link(`../lib/modules/${tree.release}/build`, 'usr/src/linux');
  },
  openSUSE: async (tree) => {
    const [sources, objects] = ['usr/src/linux-6.1-1', 'usr/src/linux-6.1-1-obj/x86_64/default'];
    await tree.pack('zst');
    await tree.splitHeaders(sources, objects);
    await tree.write(`${objects}/Makefile`, 'include ../../../linux-6.1-1/Makefile\n');
    await tree.gatherBoot();
    await tree.link(`../${tree.modules}/vmlinuz`, `boot/vmlinuz-${tree.release}`);
    await tree.link(`../../../src/linux-6.1-1-obj/x86_64/default`, `${tree.modules}/build`);
    await tree.link(`../../../src/linux-6.1-1`, `${tree.modules}/source`);
  },
  /** Its /usr is not merged. */
  alpine: async (tree) => {
    const build = `usr/src/linux-headers-${tree.release}`;
    await tree.pack('gz');
    await tree.wholeHeaders(build);
    await tree.move(`boot/vmlinuz-${tree.release}`, `boot/vmlinuz-${tree.release.replace(/^.*-/, '')}`);
    await rm(join(tree.top, 'lib'));
    await tree.move('usr/lib/modules', 'lib/modules');
    await tree.link(`/${build}`, `lib/modules/${tree.release}/build`);
  },
  /** Everything is in a read-only store; the root has links into it. */
  nixOS: async (tree) => {
    const [kernel, headers] = ['nix/store/a-linux', `nix/store/b-linux-dev/lib/modules/${tree.release}`];
    await rm(join(tree.top, tree.modules, 'build'), { force: true });
    await tree.splitHeaders(`${headers}/source`, `${headers}/build`);
    await tree.write(`${headers}/build/Makefile`, `include /${headers}/source/Makefile\n`);
    await tree.link(`/${headers}/source`, `${headers}/build/source`);
    await tree.move(`boot/config-${tree.release}`, `${headers}/build/.config`);
    await tree.move(`boot/vmlinuz-${tree.release}`, `${kernel}/bzImage`);
    await tree.move(tree.modules, `${kernel}/lib/modules/${tree.release}`);
    for (const name of ['build', 'source'])
      await tree.link(`/${headers}/${name}`, `${kernel}/lib/modules/${tree.release}/${name}`);
    await tree.link(`/${kernel}/bzImage`, 'bzImage');
    await tree.link(`/${kernel}/lib/modules`, 'usr/lib/modules');
    await execa('chmod', ['-R', 'a-w', join(tree.top, 'nix')]);
  },
} as const satisfies Record<string, (tree: Tree) => Promise<void>>;

export type LayoutName = keyof typeof changes;

export const layoutNames = Object.keys(changes) as LayoutName[];

/** Removes it, also a read-only store, and the copies of it that are in the cache. */
export const removeLayout = async (top: string): Promise<void> => {
  await execa('chmod', ['-R', 'u+w', top]);
  await rm(dirname(top), { recursive: true });
  const copies = join(cacheDirectory(), 'own-kernels');
  for (const name of await readdir(copies))
    if (name.startsWith(`dir-${basename(top)}-`)) await rm(join(copies, name), { recursive: true });
};

/** Adds a kernel in the layout of Debian. */
export const addKernel = async (top: string, kernel: Kernel): Promise<void> => {
  // Not --archive, which would keep hard links between kernels of the cache.
  const copy = ['--recursive', '--no-dereference', '--preserve=mode,timestamps'];
  await execa('cp', [...copy, `${kernel.directory}/.`, top]);
  await rm(join(top, 'kernel.json'));
};

/** Makes the layout out of the kernel, in a new directory below TMPDIR. Resolves with its path. */
export const makeLayout = async (name: LayoutName, kernel: Kernel, root: ToolRoot): Promise<string> => {
  const top = join(await mkdtemp(join(tmpdir(), 'layout-')), `layout-${name}`);
  await mkdir(top);
  await addKernel(top, kernel);
  await symlink('usr/lib', join(top, 'lib'));
  await changes[name](new Tree(top, kernel.release, root));
  return top;
};
