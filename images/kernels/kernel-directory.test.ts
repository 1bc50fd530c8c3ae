import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { missingOptions, obstaclesIn } from './config.js';
import { readKernelDirectory } from './kernel-directory.js';
import { askFor, kernelRow } from './table.js';

const config = [
  ...[
    'X86',
    'X86_64',
    'MODULES',
    'MODULE_UNLOAD',
    'PCI',
    'HOTPLUG_PCI_ACPI',
    'SERIAL_8250_CONSOLE',
    'BLK_DEV_INITRD',
  ],
  ...['DEVTMPFS', 'PROC_FS', 'SYSFS', 'BINFMT_ELF', 'BINFMT_SCRIPT', 'EXT4_FS'],
]
  .map((name) => `CONFIG_${name}=y\n`)
  .concat('CONFIG_VIRTIO_PCI=m\n', 'CONFIG_VIRTIO_BLK=m\n', '# CONFIG_PVH is not set\n')
  .join('');

const release = '6.9.1-mine';

const buildTree: Readonly<Record<string, string>> = {
  'include/config/kernel.release': `${release}\n`,
  'arch/x86/boot/bzImage': 'image',
  '.config': config,
  'Module.symvers': 'symbols',
  Makefile: 'x',
  'modules.order': 'x',
  'modules.builtin': 'x',
  'scripts/mod/modpost': 'x',
};

const packages: Readonly<Record<string, string>> = {
  [`boot/vmlinuz-${release}`]: 'image',
  [`boot/config-${release}`]: config,
  [`lib/modules/${release}/modules.builtin`]: 'x',
  [`usr/src/linux-headers-${release}/Module.symvers`]: 'symbols',
  [`usr/src/linux-headers-${release}/Makefile`]: 'x',
  [`usr/src/linux-headers-${release}/scripts/mod/modpost`]: 'x',
};

const fill = async (directory: string, files: Readonly<Record<string, string>>): Promise<string> => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
};

t.test('both kinds are recognised, and a change of any part changes the fingerprint', async (t) => {
  const tree = await fill(t.testdir({ tree: {}, set: {} }), {});
  const build = await readKernelDirectory(await fill(join(tree, 'tree'), buildTree));
  t.match(build, { kind: 'build', release, image: /bzImage$/, source: undefined });
  t.match(await readKernelDirectory(await fill(join(tree, 'set'), packages)), {
    kind: 'packages',
    release,
    image: /vmlinuz-6\.9\.1-mine$/,
  });
  t.equal((await readKernelDirectory(join(tree, 'tree'))).fingerprint, build.fingerprint);
  for (const name of ['.config', 'Module.symvers', 'arch/x86/boot/bzImage']) {
    await fill(join(tree, 'tree'), { ...buildTree, [name]: `${buildTree[name]}\n# more` });
    t.not((await readKernelDirectory(join(tree, 'tree'))).fingerprint, build.fingerprint, name);
  }
});

t.test('each missing part is named', async (t) => {
  for (const [kind, files] of [
    ['tree', buildTree],
    ['set', packages],
  ] as const)
    for (const name of Object.keys(files)) {
      if (name.endsWith('kernel.release')) continue;
      const directory = await fill(join(t.testdir(), kind), files);
      await rm(join(directory, dirname(name) === '.' ? name : name.replace(/scripts.*/, 'scripts')), {
        recursive: true,
      });
      const missing = new RegExp(name.replace(/.*(scripts|symvers).*/, '$1').replaceAll('.', '\\.'));
      await t.rejects(readKernelDirectory(directory), { code: 'KERNEL_DIRECTORY', message: missing }, name);
    }
  const nothing = t.testdir({ empty: {}, sources: { Kconfig: 'x' } });
  await t.rejects(readKernelDirectory(join(nothing, 'no')), { message: /there is no such directory/ });
  await t.rejects(readKernelDirectory(join(nothing, 'empty')), { message: /neither .*kernel\.release/ });
  await t.rejects(readKernelDirectory(join(nothing, 'sources')), { message: /have not been built/ });
});

t.test('of several kernels the newest is used, or the requested one', async (t) => {
  const older = Object.entries(packages).map(([name, text]) => [
    name.replaceAll(release, '6.9.0-mine'),
    text,
  ]);
  const directory = await fill(t.testdir({}), { ...packages, ...Object.fromEntries(older) });
  t.match(await readKernelDirectory(directory), { release, others: ['6.9.0-mine'] });
  t.match(await readKernelDirectory(directory, '6.9.0-mine'), { release: '6.9.0-mine', others: [release] });
  await t.rejects(readKernelDirectory(directory, '5.4'), {
    message: /no modules of Linux 5\.4, but of 6\.9\.0-mine, 6\.9\.1-mine/,
  });
});

t.test('an empty image or list of symbols is missing', async (t) => {
  for (const name of [`boot/vmlinuz-${release}`, `usr/src/linux-headers-${release}/Module.symvers`]) {
    const directory = await fill(t.testdir({}), { ...packages, [name]: '' });
    await t.rejects(readKernelDirectory(directory), {
      code: 'KERNEL_DIRECTORY',
      message: new RegExp(`but not .*${name.replace(/^.*\//, '')}`),
    });
  }
});

t.test('the newest release that has all parts is used, and the reason is kept', async (t) => {
  const directory = await fill(t.testdir({}), {
    ...packages,
    'lib/modules/6.10.0-left/extra/x.ko': 'x',
    'boot/vmlinuz-6.10.0-left': 'image',
  });
  t.match(await readKernelDirectory(directory), {
    release,
    others: ['6.10.0-left'],
    incomplete: [/^it has Linux 6\.10\.0-left, but not a configuration .*, nor headers /],
  });
  await t.rejects(readKernelDirectory(directory, '6.10.0-left'), { message: /6\.10\.0-left, but not/ });
});

t.test(
  'a file that this user cannot read is named',
  { skip: process.getuid?.() === 0 && 'root can read every file' },
  async (t) => {
    for (const name of [`boot/vmlinuz-${release}`, `boot/config-${release}`]) {
      const directory = await fill(t.testdir({}), packages);
      await chmod(join(directory, name), 0);
      const reason = new RegExp(`${name} cannot be read \\(EACCES\\)`);
      await t.rejects(readKernelDirectory(directory), { code: 'KERNEL_DIRECTORY', fields: { reason } }, name);
    }
    const directory = await fill(t.testdir({}), packages);
    await chmod(join(directory, 'boot'), 0);
    await t.rejects(readKernelDirectory(directory), { message: /boot\/\S+ cannot be read/ });
    await chmod(join(directory, 'boot'), 0o700);
  },
);

t.test('a 32-bit kernel is used as such, and one of another architecture is refused', async (t) => {
  const directory = t.testdir({ narrow: {}, other: {} });
  const narrow = {
    ...packages,
    [`boot/config-${release}`]: config.replace('CONFIG_X86_64=y', 'CONFIG_X86_32=y'),
  };
  t.match(await readKernelDirectory(await fill(join(directory, 'narrow'), narrow)), { architecture: 'i386' });
  const other = { ...packages, [`boot/config-${release}`]: config.replace(/^.*X86.*\n/gm, '') };
  await t.rejects(readKernelDirectory(await fill(join(directory, 'other'), other)), {
    message: /CONFIG_X86=y \(guests are x86 machines\)/,
  });
});

t.test('settings that prevent loading of modules are named', async (t) => {
  for (const line of [
    'CONFIG_MODULE_SIG_FORCE=y',
    'CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y',
    'CONFIG_CMDLINE="ro module.sig_enforce=1 quiet"',
    'CONFIG_CMDLINE="module.sig_enforce"',
    'CONFIG_CMDLINE="ro lockdown=integrity"',
    'CONFIG_CC_IS_CLANG=y',
  ]) {
    const directory = await fill(t.testdir({}), { ...buildTree, '.config': `${config}${line}\n` });
    await t.rejects(readKernelDirectory(directory), { code: 'KERNEL_DIRECTORY', message: line }, line);
  }
  t.strictSame(
    obstaclesIn(
      '# CONFIG_MODULE_SIG_FORCE is not set\nCONFIG_CMDLINE="module.sig_enforce=0"\nCONFIG_LOCK_DOWN_KERNEL_FORCE_NONE=y\n',
    ),
    [],
  );
});

t.test('the sources of an O= build are found, and a path with spaces is refused', async (t) => {
  const directory = t.testdir({ sources: {}, tree: {}, 'my tree': {} });
  await fill(join(directory, 'tree'), buildTree);
  await symlink('../sources', join(directory, 'tree', 'source'));
  t.match(await readKernelDirectory(join(directory, 'tree')), { source: join(directory, 'sources') });
  await fill(join(directory, 'my tree'), buildTree);
  await t.rejects(readKernelDirectory(join(directory, 'my tree')), { message: /cannot handle spaces/ });
});

t.test('a part or sources that cannot be read are not missing', async (t) => {
  const tree = await fill(t.testdir({}), buildTree);
  await symlink('source', join(tree, 'source'));
  await t.rejects(readKernelDirectory(tree), {
    code: 'KERNEL_DIRECTORY',
    message: /source cannot be read \(ELOOP\)/,
  });
  await rm(join(tree, 'source'));
  await rm(join(tree, 'Module.symvers'));
  await symlink('Module.symvers', join(tree, 'Module.symvers'));
  await t.rejects(readKernelDirectory(tree), { message: /Module.symvers cannot be read \(ELOOP\)/ });
});

t.test('configuration options that a guest needs', async (t) => {
  t.strictSame(missingOptions(config, 'bzImage'), []);
  t.match(missingOptions(config, 'vmlinux'), [/^CONFIG_PVH=y \(/]);
  t.match(missingOptions(config.replace('PCI=y', 'PCI=m'), 'bzImage'), [/^CONFIG_PCI=y \(/]);
  t.match(missingOptions(config.replace('CONFIG_VIRTIO_BLK=m\n', ''), 'bzImage'), [
    /^CONFIG_VIRTIO_BLK=y or m/,
  ]);
  const directory = await fill(t.testdir({}), { ...buildTree, '.config': 'CONFIG_PCI=y\n' });
  await t.rejects(readKernelDirectory(directory), { message: /built without .*CONFIG_MODULES=y \(/ });
});

t.test(
  'the row of an own kernel: a name that is a valid file name, and a name to request it again',
  async (t) => {
    const row = kernelRow('dir:/home/u/my tree/');
    t.match(row, { name: 'dir-my_tree', flavour: 'own', directory: '/home/u/my tree' });
    t.strictSame(kernelRow(askFor(row)), row);
    t.equal(askFor(kernelRow('6.1-cloud')), '6.1-cloud');
    const chosen = kernelRow('dir:/srv/root@6.9.1-mine');
    t.match(chosen, { name: 'dir-root-6.9.1-mine', directory: '/srv/root', release: '6.9.1-mine' });
    t.strictSame(kernelRow(askFor(chosen)), chosen);
    t.strictSame(kernelRow(askFor(kernelRow('host'))), kernelRow('host'));
    const directory = t.testdir({ 'a@b': {} });
    t.match(kernelRow(`dir:${directory}/a@b`), { directory: `${directory}/a@b`, release: undefined });
    t.throws(() => kernelRow('dir:'), { code: 'MISSING_VALUE' });
  },
);
