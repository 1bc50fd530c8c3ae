import { basename } from 'node:path';
import t from 'tap';
import { moduleClosure } from './closure.js';
import { moduleName, parseBuiltinAliases, parseSoftDependencies } from './module-index.js';

const kernel = (t: { testdir(files: Record<string, string>): string }, files: Record<string, string>) => ({
  release: '1.2.3',
  modulesDirectory: t.testdir({
    'modules.dep': '',
    'modules.builtin': '',
    'modules.builtin.modinfo': '',
    'modules.softdep': '',
    'modules.alias': '',
    ...files,
  }),
});

const names = (paths: readonly string[]) => paths.map((path) => basename(path));

t.test('dependencies come first, each file once, whatever its suffix', async (t) => {
  const here = kernel(t, {
    'modules.dep': `kernel/drivers/virtio/virtio.ko.xz:
kernel/drivers/virtio/virtio_ring.ko.zst: kernel/drivers/virtio/virtio.ko.xz
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_ring.ko.zst kernel/drivers/virtio/virtio.ko.xz
kernel/drivers/char/hw_random/virtio-rng.ko: kernel/drivers/virtio/virtio_ring.ko.zst kernel/drivers/virtio/virtio.ko.xz
`,
  });
  const paths = await moduleClosure(here, ['virtio_rng', 'virtio_pci', 'virtio-rng']);
  t.strictSame(names(paths), ['virtio.ko.xz', 'virtio_ring.ko.zst', 'virtio-rng.ko', 'virtio_pci.ko']);
  t.ok(paths.every((path) => path.startsWith(`${here.modulesDirectory}/kernel/`)));
});

t.test('built-in modules are left out, and an unknown module is an error', async (t) => {
  const here = kernel(t, {
    'modules.dep': 'kernel/a.ko:\n',
    'modules.builtin': 'kernel/drivers/virtio/virtio-pci.ko\n',
  });
  t.strictSame(names(await moduleClosure(here, ['virtio_pci', 'a'])), ['a.ko']);
  await t.rejects(moduleClosure(here, ['b']), {
    code: 'KERNEL_MODULE',
    fields: { release: '1.2.3', module: 'b' },
  });
});

t.test('soft dependencies: by name, by alias, or already built in', async (t) => {
  const files = {
    'modules.dep':
      'kernel/fs/ext4.ko: kernel/fs/jbd2.ko\nkernel/fs/jbd2.ko:\nkernel/crypto/crc32c_generic.ko:\nkernel/named.ko: kernel/below.ko\nkernel/below.ko:\n',
    'modules.softdep':
      '# Soft dependencies\nsoftdep ext4 pre: crc32c named gone post: late\nsoftdep jbd2 post: ext4\n',
    'modules.alias': 'alias crc32c crc32c_generic\nalias pci:v00001AF4d*sv* named\n',
  };
  t.strictSame(names(await moduleClosure(kernel(t, files), ['ext4'])), [
    'crc32c_generic.ko',
    'below.ko',
    'named.ko',
    'jbd2.ko',
    'ext4.ko',
  ]);
  const builtin = { ...files, 'modules.builtin.modinfo': 'crc32c_generic.alias=crc32c\0x.license=GPL\0' };
  t.notOk(names(await moduleClosure(kernel(t, builtin), ['ext4'])).includes('crc32c_generic.ko'));
});

t.test('parsers of module names and of files of depmod', async (t) => {
  t.equal(moduleName('kernel/drivers/char/hw_random/virtio-rng.ko.xz'), 'virtio_rng');
  t.equal(moduleName('virtio-rng.ko.zst'), 'virtio_rng');
  t.strictSame([...parseBuiltinAliases('a.alias=x*\0a.file=drivers/a\0b.alias=y\0')], ['x*', 'y']);
  t.strictSame(
    [...parseSoftDependencies('softdep a pre: b c\nsoftdep d post: e\nsoftdep f post: g pre: h\n')],
    [
      ['a', ['b', 'c']],
      ['f', ['h']],
    ],
  );
});
