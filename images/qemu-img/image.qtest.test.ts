// Tests the scripts with the tool root's qemu-img.

import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { compactImage, imageInfo, sameContent } from '../../harness/testing/disk-images.js';
import { eventually } from '../../harness/testing/eventually.js';
import { asset } from '../asset.js';
import { ensureToolRoot } from '../toolroot/ensure.js';
import { runInToolRoot } from '../toolroot/run.js';
import { checkImage, createBase, createOverlay, flattenImage } from './image.js';

const root = await ensureToolRoot();

/** Creates the files `names`, in that order, and a link. */
const rootfs = async (directory: string, names: readonly string[]): Promise<string> => {
  for (const name of names) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), `content of ${name}\n`);
  }
  await symlink('etc/hostname', join(directory, 'link'));
  return directory;
};

const names = ['etc/hostname', 'bin/a', 'with space', 'etc/b'];

/** A directory with a space in its name that contains a base image of `names`. */
const withBase = async (parent: string) => {
  const directory = join(parent, 'a directory');
  const base = join(directory, 'the base.qcow2');
  await mkdir(directory);
  await createBase(root, await rootfs(join(directory, 'root fs'), names), base, { size: 24 });
  return { directory, base };
};

t.test('base: an ext4 file system with the files, which belong to root', async (t) => {
  const { directory, base } = await withBase(t.testdir());
  t.strictSame((await readdir(directory)).sort(), ['root fs', 'the base.qcow2'], 'files in the directory');
  const info = await imageInfo(root, base);
  t.match(info, { format: 'qcow2', 'virtual-size': 24 << 20 });
  t.ok(info['actual-size'] < 1 << 20, 'the image takes less than 1 MiB');
  const raw = join(directory, 'raw');
  const inside = (argv: string[]) =>
    runInToolRoot(root, argv, { binds: [{ path: directory, writable: true }] });
  await inside(['qemu-img', 'convert', '-O', 'raw', base, raw]);
  await inside(['e2fsck', '-fn', raw]);
  t.equal((await inside(['debugfs', '-R', 'cat "/with space"', raw])).stdout, 'content of with space');
  t.match((await inside(['debugfs', '-R', 'stat /etc', raw])).stdout, /User: +0 +Group: +0/);
});

t.test('base: the same files make the same bytes, whatever their order and dates', async (t) => {
  const directory = t.testdir();
  const images: Buffer[] = [];
  for (const [i, order] of [names, [...names].reverse()].entries()) {
    const image = join(directory, `${i}.qcow2`);
    const files = await rootfs(join(directory, `${i}`), order);
    for (const name of names) await utimes(join(files, name), 1e9 + i, 1e9 + i);
    await createBase(root, files, image, { label: 'x' });
    images.push(await readFile(image));
  }
  t.ok(images[0]?.equals(images[1] ?? Buffer.alloc(0)));
});

t.test('base: owners and permissions can differ from those of the files', async (t) => {
  const directory = t.testdir({ rootfs: { mail: {}, su: 'program' } });
  const from = join(directory, 'rootfs');
  const inodes = join(directory, 'the inodes');
  const lines = ['"/mail" gid 8', '"/mail" mode 042775', '"/su" mode 0104755', '"/su" uid 100'];
  await writeFile(inodes, lines.map((line) => `set_inode_field ${line}\n`).join(''));
  const images = [join(directory, 'one'), join(directory, 'two')];
  for (const image of images) await createBase(root, from, image, { inodes });
  const [first, second] = await Promise.all(images.map((image) => readFile(image)));
  t.ok(first?.equals(second ?? Buffer.alloc(0)), 'the same bytes each time');
  const raw = join(directory, 'raw');
  const inside = async (...argv: string[]) =>
    (await runInToolRoot(root, argv, { binds: [{ path: directory, writable: true }] })).stdout;
  await inside('qemu-img', 'convert', '-O', 'raw', images[0] ?? '', raw);
  t.match(await inside('debugfs', '-R', 'stat /mail', raw), /Mode: +02775[\s\S]*User: +0 +Group: +8/);
  t.match(await inside('debugfs', '-R', 'stat /su', raw), /Mode: +04755[\s\S]*User: +100 +Group: +0/);
  await writeFile(inodes, 'set_inode_field "/absent" uid 1\n');
  await t.rejects(createBase(root, from, join(directory, 'three'), { inodes }), {
    code: 'IMAGE_TOOL',
    fields: { reason: /absent/ },
  });
});

t.test('overlay: names its base and the base’s format, and can be larger', async (t) => {
  const { directory, base } = await withBase(t.testdir());
  const overlay = join(directory, 'over.qcow2');
  await createOverlay(root, base, overlay, { size: 100 });
  t.match(await imageInfo(root, overlay), {
    'virtual-size': 100 << 20,
    'backing-filename': base,
    'backing-filename-format': 'qcow2',
  });
  t.equal(await sameContent(root, base, overlay), true);
  t.equal((await checkImage(root, overlay)).verdict, 'sound');
});

t.test('overlay: a base of another format than given is refused', async (t) => {
  const directory = t.testdir({ raw: 'not a qcow2'.padEnd(4096) });
  const raw = join(directory, 'raw');
  await t.rejects(createOverlay(root, raw, join(directory, 'o')), {
    code: 'IMAGE_TOOL',
    fields: { reason: /is not a qcow2 image/ },
  });
  await createOverlay(root, raw, join(directory, 'o'), { raw: true });
  t.match(await imageInfo(root, join(directory, 'o')), { 'backing-filename-format': 'raw' });
  t.strictSame((await readdir(directory)).sort(), ['o', 'raw']);
});

t.test('compact: the image is standalone, and equal for a guest', async (t) => {
  const { directory, base } = await withBase(t.testdir());
  const overlay = join(directory, 'over.qcow2');
  const compacted = join(directory, 'compact.qcow2');
  await createOverlay(root, base, overlay);
  const write = ['qemu-io', '-c', 'write -P 0x5a 1M 64k', overlay];
  await runInToolRoot(root, write, { binds: [{ path: directory, writable: true }] });
  await compactImage(root, overlay, compacted);
  await compactImage(root, overlay, `${compacted}-again`);
  t.ok((await readFile(compacted)).equals(await readFile(`${compacted}-again`)), 'the same bytes each time');
  t.equal((await imageInfo(root, compacted))['backing-filename'], undefined);
  t.equal(await sameContent(root, overlay, compacted), true);
  t.equal(
    await sameContent(root, base, compacted),
    false,
    'the compacted image contains what was written to the overlay',
  );
});

t.test('flatten: a raw image of the overlay, or of the base where the overlay has no data', async (t) => {
  const { directory, base } = await withBase(t.testdir());
  const overlay = join(directory, 'over.qcow2');
  const flat = join(directory, 'flat');
  await createOverlay(root, base, overlay);
  const write = ['qemu-io', '-c', 'write -P 0x5a 1M 64k', overlay];
  await runInToolRoot(root, write, { binds: [{ path: directory, writable: true }] });
  await flattenImage(root, overlay, flat);
  const content = await readFile(flat);
  t.equal(content.length, 24 << 20);
  t.ok(
    content.subarray(1 << 20, (1 << 20) + (64 << 10)).every((byte) => byte === 0x5a),
    'data of the overlay',
  );
  t.equal(content.readUInt16LE(1024 + 56), 0xef53, 'data of the base: the magic number of ext4');
});

t.test('check: damage is reported and not repaired', async (t) => {
  const { directory, base } = await withBase(t.testdir());
  t.equal((await checkImage(root, base)).verdict, 'sound');
  // Byte 48 of a qcow2 header has the refcount table's offset. Without reference counts, every used cluster
  // is an error.
  const file = await open(base, 'r+');
  const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 48);
  await file.write(Buffer.alloc(8), 0, 8, Number(buffer.readBigUInt64BE()));
  await file.close();
  const before = await readFile(base);
  t.equal((await checkImage(root, base)).verdict, 'damaged');
  t.ok(before.equals(await readFile(base)));
  await writeFile(join(directory, 'text'), 'no image at all');
  await t.rejects(checkImage(root, join(directory, 'text')), { code: 'IMAGE_TOOL' });
});

t.test('a failure leaves no partial file', async (t) => {
  const directory = t.testdir({ rootfs: { big: 'x'.repeat(4 << 20) }, text: 'no image' });
  await t.rejects(createBase(root, join(directory, 'rootfs'), join(directory, 'new'), { size: 2 }), {
    code: 'IMAGE_TOOL',
    fields: { reason: /give --size MB if it is too small/ },
  });
  await t.rejects(compactImage(root, join(directory, 'text'), join(directory, 'new')), {
    code: 'IMAGE_TOOL',
  });
  t.strictSame((await readdir(directory)).sort(), ['rootfs', 'text']);
});

/** Runs bubblewrap, and goes on only when the signal was sent. */
const waitingBwrap = `#!/bin/sh
here=\${0%/*}
PATH=\${PATH#*:}
bwrap "$@" && : >"$here/made"
until [ -e "$here/sent" ]; do sleep 0.01; done
`;

t.test('a script ended by a signal leaves no partial file', async (t) => {
  const directory = t.testdir({ rootfs: { file: 'text' }, out: {}, programs: { bwrap: waitingBwrap } });
  const [out, programs] = [join(directory, 'out'), join(directory, 'programs')];
  await chmod(join(programs, 'bwrap'), 0o755);
  const child = execa(asset('qemu-img', 'create-base'), [join(directory, 'rootfs'), join(out, 'new')], {
    env: { VMMCI_TOOLROOT: root.path, PATH: `${programs}:${process.env.PATH}` },
    reject: false,
    // The script ends when its current command does; execa would kill it after 5 s.
    forceKillAfterDelay: false,
  });
  await eventually(() => existsSync(join(programs, 'made')));
  t.match(await readdir(out), [/^\.new\.partial-/]);
  child.kill('SIGTERM');
  await writeFile(join(programs, 'sent'), '');
  t.equal((await child).exitCode, 143);
  t.strictSame(await readdir(out), []);
});
