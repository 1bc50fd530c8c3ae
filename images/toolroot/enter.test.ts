import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { enter } from './enter.js';

const root = { path: '/cache/root', version: '11.1.3', compiler: 'gcc' };

/** The operands of each occurrence of an option that takes `count` of them. */
const operands = (args: readonly string[], option: string, count: number): string[][] =>
  args.flatMap((word, i) => (word === option ? [args.slice(i + 1, i + 1 + count)] : []));

t.test('the program comes last, after all options', async (t) => {
  const { file, args } = enter(root, ['make', '--version'], { cwd: '/work' });
  t.equal(file, 'bwrap');
  t.strictSame(args.slice(-5), ['--chdir', '/work', '--', 'make', '--version']);
});

t.test('programs end with this process, and have no network unless requested', async (t) => {
  const closed = enter(root, ['true']).args;
  t.ok(closed.includes('--die-with-parent'));
  t.ok(closed.includes('--unshare-pid'));
  t.ok(closed.includes('--unshare-net'));
  t.strictSame(operands(closed, '--ro-bind-try', 2), []);
  const open = enter(root, ['true'], { network: true }).args;
  t.notOk(open.includes('--unshare-net'));
  t.strictSame(operands(open, '--ro-bind-try', 2), [['/etc/resolv.conf', '/etc/resolv.conf']]);
});

t.test('binds are read-only by default, and come after the root', async (t) => {
  const { args } = enter(root, ['true'], {
    binds: [{ path: '/a b' }, { path: '/out', writable: true }, { path: '/k/usr/src', at: '/usr/src' }],
  });
  t.strictSame(operands(args, '--ro-bind', 2).slice(-2), [
    ['/a b', '/a b'],
    ['/k/usr/src', '/usr/src'],
  ]);
  t.strictSame(operands(args, '--bind', 2), [['/out', '/out']]);
  t.ok(args.indexOf('/a b') > args.indexOf('/cache/root/usr/lib'));
});

t.test('the environment is fixed, and only programs with network get the proxy variables', async (t) => {
  const before = process.env.http_proxy;
  t.teardown(() => {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  });
  process.env.http_proxy = 'proxy:1';
  const names = (args: readonly string[]) => operands(args, '--setenv', 2).map(([name]) => name);
  t.strictSame(names(enter(root, ['true']).args), ['PATH', 'HOME', 'LC_ALL']);
  t.strictSame(names(enter(root, ['true'], { env: { A: '1', B: undefined } }).args), [
    'PATH',
    'HOME',
    'LC_ALL',
    'A',
  ]);
  t.match(operands(enter(root, ['true'], { network: true }).args, '--setenv', 2), [
    ['PATH'],
    ['HOME', '/tmp'],
    ['LC_ALL'],
    ['http_proxy', 'proxy:1'],
  ]);
});

t.test('the qemu-img scripts find the tool root in the same directory', async (t) => {
  const directory = t.testdir();
  const qemuImg = join(directory, 'vmmci-harness/toolroot/0123/usr/bin/qemu-img');
  await mkdir(join(qemuImg, '..'), { recursive: true });
  await writeFile(qemuImg, '', { mode: 0o755 });
  await mkdir(join(directory, 'vmmci-harness/toolroot/0123/etc'));
  await writeFile(join(directory, 'vmmci-harness/toolroot/0123/etc/vmmci-tool-root.json'), '{}');
  const script = join(import.meta.dirname, '../../../images/qemu-img/common.sh');
  const { stdout } = await execa('sh', ['-c', '. "$0"; find_root; echo "$root"', script], {
    env: { XDG_CACHE_HOME: directory, VMMCI_TOOLROOT: '' },
  });
  t.equal(stdout, join(directory, 'vmmci-harness/toolroot/0123'));
});
