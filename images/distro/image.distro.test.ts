// Makes every part of the distribution guest twice and compares the results: the configured packages, the
// disk, and the driver on it.

import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { defaultChoice } from '../../harness/run/choice.js';
import { openEnvironment } from '../../harness/run/environment.js';
import { privateCache } from '../../harness/testing/private-cache.js';
import { asset } from '../asset.js';
import { buildModules } from '../kernels/build.js';
import { kernelBinds } from '../kernels/kernel.js';
import { isRoot } from '../toolroot/host-command.js';
import { runInToolRoot } from '../toolroot/run.js';
import { makeImage } from './image.js';
import { ensureTree, makeTree, type Tree } from './tree.js';

// Milliseconds. The packages are downloaded one after the other.
t.setTimeout(1_200_000);

/**
 * Names and versions of the installed packages, sorted. If they are equal, the same recipe makes the same
 * bytes.
 */
const packagesOf = async ({ root }: Pick<Tree, 'root'>): Promise<string[]> => {
  const status = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8');
  return status
    .split('\n\n')
    .flatMap((paragraph) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
      return field('Package') === undefined ? [] : [`${field('Package')} ${field('Version')}`];
    })
    .sort();
};

/**
 * Runs `step` with a TMPDIR that only root can enter, if root runs the test: apt then cannot become its own
 * user. An ordinary user's subordinate ids must be able to enter it.
 */
const withClosedTmpdir = async <T>(directory: string, step: () => Promise<T>): Promise<T> => {
  if (!isRoot()) return step();
  const before = process.env.TMPDIR;
  process.env.TMPDIR = await mkdtemp(join(directory, 'closed-'));
  try {
    return await step();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
};

const { root, kernel, modules } = await openEnvironment(defaultChoice(''));
const load = ['virtio_pci_obsd', 'virtio_vmmci'];

t.test('two builds of the packages and the disk are identical', { timeout: 1_200_000 }, async (t) => {
  const directory = t.testdir();
  const packages = async (tree: Tree): Promise<string> => (await packagesOf(tree)).join('\n');
  const options = { progress: (line: string) => void t.comment(line) };
  let first = await ensureTree(options);
  const second = await withClosedTmpdir(directory, () => makeTree(join(directory, 'second'), options));
  // The tree in the cache may have been made when the archive had other versions, that is, from other inputs.
  if ((await packages(first)) !== (await packages(second)))
    first = await makeTree(join(directory, 'first'), options);
  t.equal(await packages(first), await packages(second), 'packages of the two trees');
  const differing = await execa('diff', ['-rq', '--no-dereference', first.root, second.root], {
    reject: false,
  });
  t.equal(differing.stdout, '', 'differing files');
  t.equal(
    await readFile(first.inodes, 'utf8'),
    await readFile(second.inodes, 'utf8'),
    'owners and permissions in the two trees',
  );
  const images: Buffer[] = [];
  for (const [index, tree] of [first, second].entries()) {
    const image = join(directory, `${index}.qcow2`);
    await makeImage(image, tree, { kernel, root, modules, load });
    images.push(await readFile(image));
  }
  t.ok(
    images[0]?.equals(images[1] ?? Buffer.alloc(0)),
    `both images have the same ${images[0]?.length} bytes`,
  );
});

t.test('the driver builds reproducibly, and with dkms.conf', async (t) => {
  const read = (directory: string) =>
    Promise.all(modules.modules.map((name) => readFile(join(directory, name))));
  const expected = await read(modules.directory);
  privateCache(t);
  const again = await buildModules(kernel, root, asset('driver'));
  t.equal(again.cached, false);
  t.strictSame(await read(again.directory), expected, 'modules of the two builds');

  const build = join(t.testdir(), 'vmmci', '1', 'build');
  await execa('sh', [
    '-c',
    'mkdir -p "$1" && cp "$0"/*.[ch] "$0"/Kbuild "$0"/dkms.conf "$1"',
    asset('driver'),
    build,
  ]);
  // dkms sources dkms.conf in a shell with these two variables set. CC is set as in our own build, since
  // Debian's headers name the compiler of Debian's build.
  const script =
    '. /dkms/vmmci/1/build/dkms.conf && exec \x24{MAKE[0]} CC=gcc CONFIG_DEBUG_INFO_BTF_MODULES=';
  const env = { dkms_tree: '/dkms', kernel_source_dir: kernel.buildDirectory };
  const binds = [...kernelBinds(kernel), { path: build, at: '/dkms/vmmci/1/build', writable: true }];
  await runInToolRoot(root, ['bash', '-euc', script], { binds, env });
  for (const module of await read(build)) t.ok(module.length > 10_000, `${module.length} bytes`);
});
