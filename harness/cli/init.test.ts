import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { asset, packageRoot } from '../../images/asset.js';
import { readDriver } from '../driver/description.js';
import { captured } from '../testing/captured.js';
import { runCommand } from './command.js';

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /json$|scenario|yml$/.test(name),
  );

for (const [name, time] of [
  ['driver', 'sysfs'],
  ['stand-in-driver', 'sysctl'],
] as const)
  t.test(`${name}: init writes usable files, and a second run changes nothing`, async (t) => {
    const repository = t.testdir({ '.git': {} });
    const driver = join(repository, 'linux', 'my-driver');
    mkdirSync(driver, { recursive: true });
    cpSync(asset(name), driver, { recursive: true, dereference: true });
    rmSync(join(driver, 'vmmci-driver.json'), { force: true });
    const first = await captured(t, () => runCommand(['init', driver]));
    t.match(first, {
      status: 0,
      err: '',
      out: /wrote .*vmmci-driver\.json\nwrote .*first\.scenario\.mjs\nwrote /,
    });
    t.match(await readDriver(driver), { pciDriver: 'virtio-pci-obsd', time: { kind: time } });
    const workflow = readFileSync(join(repository, '.github/workflows/vmmci.yml'), 'utf8');
    const parsed = parse(workflow) as { jobs: { test: { steps: { run?: string }[] } } };
    const scripts = parsed.jobs.test.steps.flatMap(({ run = '' }) => run);
    t.ok(
      scripts.some((script) => /^npm install --no-save vmmci-harness@\d/.test(script)),
      'the package is installed',
    );
    const [runner = ''] = scripts.flatMap(
      (script) => /^node_modules\/vmmci-harness\/(\S+)$/.exec(script)?.[1] ?? [],
    );
    t.ok(existsSync(join(packageRoot(), runner)) && runner !== '', 'what it runs of the package is there');
    t.match(first.out, /^note: the workflow installs vmmci-harness \d/m);
    for (const [, pin] of workflow.matchAll(/uses: .*@(.*)/g)) t.match(pin, /^[0-9a-f]{40} # v[0-9.]+$/);
    t.match(workflow, '--driver linux/my-driver --scenarios linux/my-driver/vmmci');
    const before = filesIn(repository).map((file) => readFileSync(join(repository, file), 'utf8'));
    const second = await captured(t, () => runCommand(['init', driver]));
    t.match(second, { status: 0, out: /^kept .*\nkept .*\nkept / });
    t.strictSame(
      filesIn(repository).map((file) => readFileSync(join(repository, file), 'utf8')),
      before,
    );
  });

t.test('a driver without parameters, and a version of a known driver that has less', async (t) => {
  const directory = t.testdir({
    '.git': {},
    Kbuild: 'obj-m += virtio_vmmci.o virtio_pci_obsd.o\n',
    'virtio_pci_obsd.c': 'static struct pci_driver p = {\n\t.name = "virtio-pci-obsd",\n};\n',
    'virtio_vmmci.c': 'static struct virtio_driver v = {\n\t.driver.name = KBUILD_MODNAME,\n};\n',
  });
  t.match(await captured(t, () => runCommand(['init', directory])), { status: 0, err: '' });
  const written = readFileSync(join(directory, 'vmmci-driver.json'), 'utf8');
  t.notMatch(written, /sysctl|syncRtc|parameters/, 'only what its sources have');
  t.match(await readDriver(directory), { virtioDriver: 'virtio_vmmci', parameters: [] });
});

t.test('a driver without a virtio driver', async (t) => {
  const directory = t.testdir({
    '.git': {},
    Kbuild: 'obj-m += vmmci.o\n',
    'vmmci.c': 'static struct pci_driver p = {\n\t.name = KBUILD_MODNAME,\n};\n',
  });
  t.match(await captured(t, () => runCommand(['init', directory])), { status: 0, err: '' });
  const { pciDriver, virtioDriver } = await readDriver(directory);
  t.strictSame([pciDriver, virtioDriver], ['vmmci', undefined]);
});

t.test('the workflow installs the package as package.json does', async (t) => {
  const wanted = async (files: Record<string, string>): Promise<string> => {
    const repository = t.testdir({ '.git': {}, ...files });
    cpSync(asset('driver'), repository, { recursive: true, dereference: true });
    const { status, out } = await captured(t, () => runCommand(['init', repository]));
    t.equal(status, 0);
    const workflow = readFileSync(join(repository, '.github/workflows/vmmci.yml'), 'utf8');
    return `${/run: (npm .*)/.exec(workflow)?.[1]}; ${/^note: (.*)/m.exec(out)?.[1]}`;
  };
  const depends = (spec: string): string => JSON.stringify({ devDependencies: { 'vmmci-harness': spec } });
  t.match(await wanted({ 'package.json': depends('^1.2.3') }), /^npm install; .*: \^1\.2\.3$/);
  const locked = { 'package.json': depends('file:../h.tgz'), 'package-lock.json': '{}' };
  t.match(
    await wanted(locked),
    /^npm ci; package\.json takes vmmci-harness from file:\.\.\/h\.tgz; the workflow works only where/,
  );
  t.match(await wanted({ 'package.json': '{"name":"x"}' }), /^npm install --no-save vmmci-harness@\d/);
  const damaged = t.testdir({ '.git': {}, 'package.json': '{' });
  cpSync(asset('driver'), damaged, { recursive: true, dereference: true });
  t.match(await captured(t, () => runCommand(['init', damaged])), {
    status: 2,
    err: /package\.json: expected a package\.json, got .*JSON/,
  });
});

t.test('the error names what the sources do not say', async (t) => {
  const directory = t.testdir({ Kbuild: 'obj-m += x.o\n', 'x.c': 'static int nothing;\n' });
  t.match(await captured(t, () => runCommand(['init', directory])), {
    status: 2,
    err: /do not say pciDriver: no struct pci_driver .*\[INIT_UNKNOWN\]/,
  });
  t.strictSame(readdirSync(directory).sort(), ['Kbuild', 'x.c']);
  const unnamed = t.testdir({
    Kbuild: 'obj-m += x.o\n',
    'x.c': 'struct pci_driver p = {\n.name = "x",\n};\nstruct virtio_driver v;\n',
  });
  t.match(await captured(t, () => runCommand(['init', unnamed])), {
    status: 2,
    err: /do not say virtioDriver: no struct virtio_driver with a \.name/,
  });
});
