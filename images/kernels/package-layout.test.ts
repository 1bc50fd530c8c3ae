import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { headerTrees, includedPaths } from './header-trees.js';
import { resolveInside } from './inside.js';
import { findParts, releasesIn } from './package-layout.js';

/** Contents by path; a content that begins with `-> ` makes a link. */
type Files = Readonly<Record<string, string>>;

const fill = async (root: string, files: Files): Promise<string> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (text.startsWith('-> ')) await symlink(text.slice(3), join(root, path));
    else await writeFile(join(root, path), text);
  }
  return root;
};

/** The beginning of a bzImage of `release`. */
const bzImage = (release: string): string => {
  const image = Buffer.alloc(0x1000);
  image.write('HdrS', 0x202);
  image.writeUInt16LE(0x300, 0x20e);
  image.write(`${release} (builder@host) #1\0`, 0x500);
  return image.toString('latin1');
};

const headers = (path: string, makefile = 'x'): Files => ({
  [`${path}/Makefile`]: makefile,
  [`${path}/Module.symvers`]: 'x',
  [`${path}/scripts/x`]: 'x',
});

interface Layout {
  readonly release: string;
  readonly files: Files;
  readonly image: string;
  readonly config: string;
  readonly trees: readonly string[];
}

const layouts: Readonly<Record<string, Layout>> = {
  debian: {
    release: '6.12.9-amd64',
    files: {
      'boot/vmlinuz-6.12.9-amd64': 'x',
      'boot/config-6.12.9-amd64': 'x',
      lib: '-> usr/lib',
      'usr/lib/modules/6.12.9-amd64/build': '-> /usr/src/linux-headers-6.12.9-amd64',
      ...headers('usr/src/linux-headers-6.12.9-common'),
      'usr/lib/linux-kbuild-6.12/scripts/x': 'x',
      'usr/src/linux-headers-6.12.9-amd64/Makefile':
        'include /usr/src/linux-headers-6.12.9-common/Makefile\n',
      'usr/src/linux-headers-6.12.9-amd64/Module.symvers': 'x',
      'usr/src/linux-headers-6.12.9-amd64/scripts': '-> ../../lib/linux-kbuild-6.12/scripts',
      'usr/src/other/x': 'x',
    },
    image: 'boot/vmlinuz-6.12.9-amd64',
    config: 'boot/config-6.12.9-amd64',
    trees: [
      'usr/src/linux-headers-6.12.9-amd64',
      'usr/src/linux-headers-6.12.9-common',
      'usr/lib/linux-kbuild-6.12',
    ],
  },
  ubuntu: {
    release: '6.8.0-31-generic',
    files: {
      'boot/vmlinuz-6.8.0-31-generic': 'x',
      'boot/config-6.8.0-31-generic': 'x',
      'lib/modules/6.8.0-31-generic/build': '-> /usr/src/linux-headers-6.8.0-31-generic',
      ...headers('usr/src/linux-headers-6.8.0-31'),
      'usr/src/linux-headers-6.8.0-31-generic/Makefile': '-> ../linux-headers-6.8.0-31/Makefile',
      'usr/src/linux-headers-6.8.0-31-generic/Module.symvers': 'x',
    },
    image: 'boot/vmlinuz-6.8.0-31-generic',
    config: 'boot/config-6.8.0-31-generic',
    trees: ['usr/src/linux-headers-6.8.0-31-generic', 'usr/src/linux-headers-6.8.0-31'],
  },
  fedora: {
    release: '6.9.1-200.fc40.x86_64',
    files: {
      'lib/modules/6.9.1-200.fc40.x86_64/vmlinuz': 'x',
      'lib/modules/6.9.1-200.fc40.x86_64/config': 'x',
      'lib/modules/6.9.1-200.fc40.x86_64/build': '-> /usr/src/kernels/6.9.1-200.fc40.x86_64',
      ...headers('usr/src/kernels/6.9.1-200.fc40.x86_64'),
    },
    image: 'lib/modules/6.9.1-200.fc40.x86_64/vmlinuz',
    config: 'lib/modules/6.9.1-200.fc40.x86_64/config',
    trees: ['usr/src/kernels/6.9.1-200.fc40.x86_64'],
  },
  arch: {
    release: '6.9.1-arch1-1',
    files: {
      'usr/lib/modules/6.9.1-arch1-1/pkgbase': 'linux\n',
      'boot/vmlinuz-linux': bzImage('6.9.1-arch1-1'),
      'boot/vmlinuz-linux-lts': bzImage('6.6.30-1-lts'),
      ...headers('usr/lib/modules/6.9.1-arch1-1/build'),
      'usr/lib/modules/6.9.1-arch1-1/build/.config': 'x',
    },
    image: 'boot/vmlinuz-linux',
    config: 'usr/lib/modules/6.9.1-arch1-1/build/.config',
    trees: ['usr/lib/modules/6.9.1-arch1-1/build'],
  },
  openSUSE: {
    release: '6.9.1-1-default',
    files: {
      'usr/lib/modules/6.9.1-1-default/vmlinuz': 'x',
      'usr/lib/modules/6.9.1-1-default/config': 'x',
      'usr/lib/modules/6.9.1-1-default/build': '-> /usr/src/linux-6.9.1-1-obj/x86_64/default',
      ...headers('usr/src/linux-6.9.1-1-obj/x86_64/default', 'include ../../../linux-6.9.1-1/Makefile\n'),
      ...headers('usr/src/linux-6.9.1-1'),
    },
    image: 'usr/lib/modules/6.9.1-1-default/vmlinuz',
    config: 'usr/lib/modules/6.9.1-1-default/config',
    trees: ['usr/src/linux-6.9.1-1-obj', 'usr/src/linux-6.9.1-1'],
  },
  alpine: {
    release: '6.6.30-0-virt',
    files: {
      'boot/vmlinuz-virt': bzImage('6.6.30-0-virt'),
      'boot/config-6.6.30-0-virt': 'x',
      'lib/modules/6.6.30-0-virt/build': '-> /usr/src/linux-headers-6.6.30-0-virt',
      ...headers('usr/src/linux-headers-6.6.30-0-virt'),
    },
    image: 'boot/vmlinuz-virt',
    config: 'boot/config-6.6.30-0-virt',
    trees: ['usr/src/linux-headers-6.6.30-0-virt'],
  },
  nixOS: {
    release: '6.6.30',
    files: {
      bzImage: bzImage('6.6.30'),
      ...headers('lib/modules/6.6.30/build', 'include /lib/modules/6.6.30/source/Makefile\n'),
      'lib/modules/6.6.30/build/.config': 'x',
      'lib/modules/6.6.30/source/Makefile': 'x',
    },
    image: 'bzImage',
    config: 'lib/modules/6.6.30/build/.config',
    trees: ['lib/modules/6.6.30/build', 'lib/modules/6.6.30/source'],
  },
  'nixOS with a store': {
    release: '6.6.30',
    files: {
      'lib/modules': '-> /nix/store/a-linux/lib/modules',
      bzImage: '-> /nix/store/a-linux/bzImage',
      'nix/store/a-linux/bzImage': bzImage('6.6.30'),
      'nix/store/a-linux/lib/modules/6.6.30/build': '-> /nix/store/b-dev/lib/modules/6.6.30/build',
      ...headers(
        'nix/store/b-dev/lib/modules/6.6.30/build',
        'include /nix/store/b-dev/lib/modules/6.6.30/source/Makefile\n',
      ),
      'nix/store/b-dev/lib/modules/6.6.30/build/.config': 'x',
      'nix/store/b-dev/lib/modules/6.6.30/source/Makefile': 'x',
    },
    image: 'nix/store/a-linux/bzImage',
    config: 'nix/store/b-dev/lib/modules/6.6.30/build/.config',
    trees: ['nix/store/b-dev/lib/modules/6.6.30/build', 'nix/store/b-dev/lib/modules/6.6.30/source'],
  },
};

for (const [name, { release, files, image, config, trees }] of Object.entries(layouts))
  t.test(name, async (t) => {
    const root = await fill(t.testdir({}), files);
    t.strictSame(await releasesIn(root), [release]);
    const parts = await findParts(root, release);
    t.match(parts, { image, config });
    t.strictSame(await headerTrees(root, parts.headers ?? ''), trees);
  });

t.test('a link to a parent directory does not make that a header tree', async (t) => {
  const root = await fill(t.testdir({}), {
    ...headers('usr/src/a', 'include ../../../Makefile\n'),
    'usr/src/a/up': '-> ..',
    'usr/src/a/top': '-> /',
    'usr/src/a/home': '-> /home',
    'home/large': 'x',
    Makefile: 'x',
  });
  t.strictSame(await headerTrees(root, 'usr/src/a'), ['usr/src/a']);
});

t.test('the release of an image is read from the image if its name does not have it', async (t) => {
  const root = await fill(t.testdir({}), {
    'lib/modules/6.6.30-0-virt/x': 'x',
    'boot/vmlinuz-virt': bzImage('6.6.31-0-virt'),
  });
  t.equal((await findParts(root, '6.6.30-0-virt')).image, undefined);
});

t.test('links are resolved relative to the root', async (t) => {
  const root = await fill(t.testdir({}), {
    'usr/lib/x': 'x',
    lib: '-> /usr/lib',
    loop: '-> loop',
    up: '-> ../../../usr',
  });
  t.equal(await resolveInside(root, 'lib/x'), 'usr/lib/x');
  t.equal(await resolveInside(root, 'up/lib/../lib/x'), 'usr/lib/x', 'a root is its own parent');
  t.equal(await resolveInside(root, 'loop'), undefined);
  t.equal(await resolveInside(root, 'lib/y'), undefined);
});

t.test('paths that a Makefile includes', async (t) => {
  t.strictSame(
    includedPaths('include /usr/src/a/Makefile\n-include ../b/c.mk\ninclude $(x)/d\ninclude local\n'),
    ['/usr/src/a/Makefile', '../b/c.mk'],
  );
});
