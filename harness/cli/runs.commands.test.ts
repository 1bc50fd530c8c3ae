// Tests the start and the end of runs with `vmmci test`.

import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { asset } from '../../images/asset.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(1_200_000);

/** Creates a working directory and a directory for temporary files. */
const setUp = async (t: Test): Promise<{ cwd: string; temporary: string }> => {
  const top = await mkdtemp(join(tmpdir(), 'vmmci-runs-'));
  t.teardown(() => rm(top, { recursive: true, force: true }));
  const [cwd, temporary] = [join(top, 'cwd'), join(top, 'tmp')];
  await mkdir(cwd);
  await mkdir(temporary);
  return { cwd, temporary };
};

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  t.test(`${signal} ends a run, prints the table and leaves no temporary file`, async (t) => {
    const { cwd, temporary } = await setUp(t);
    const child = execa(process.execPath, [main, 'test', '--jobs', '1', 'identity', 'stop'], {
      cwd,
      env: { TMPDIR: temporary },
      buffer: false,
      reject: false,
      forceKillAfterDelay: false,
      stderr: 'ignore',
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line.startsWith('✓ identity')) child.kill(signal);
    }
    const { exitCode } = await child;
    t.equal(exitCode, status);
    t.match(lines.join('\n'), new RegExp(`identity +passed[^]*interrupted by ${signal}`));
    t.notMatch(lines.join('\n'), 'BROKEN', 'a scenario that was interrupted says nothing about the harness');
    t.strictSame(await readdir(temporary), []);
  });

for (const [words, line, last] of [
  [['transcript'], 'transcript on', 'interrupted by SIGTERM'],
  [['mutate', 'identity'], 'testing the unchanged driver', 'interrupted by SIGTERM; no mutant was tried'],
] as const)
  t.test(`a signal ends vmmci ${words[0]}, and leaves no temporary file`, async (t) => {
    const { cwd, temporary } = await setUp(t);
    const child = execa(process.execPath, [main, ...words], {
      cwd,
      env: { TMPDIR: temporary },
      reject: false,
    });
    for await (const text of createInterface({ input: child.stderr }))
      if (text.includes(line)) child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await child;
    t.equal(exitCode, 143);
    t.equal(stdout, '');
    t.equal(stderr.split('\n').at(-1), last);
    t.strictSame(await readdir(temporary), []);
  });

t.test('vmmci coverage says why a scenario could not begin', async (t) => {
  const { cwd, temporary } = await setUp(t);
  const words = [main, 'coverage', '--jobs', '1', 'identity'];
  const child = execa(process.execPath, words, { cwd, env: { TMPDIR: temporary }, reject: false });
  for await (const line of createInterface({ input: child.stderr }))
    if (line.includes('running 1 scenario files')) await rm(temporary, { recursive: true });
  const { exitCode, stdout, stderr } = await child;
  t.equal(exitCode, 3);
  t.match(stderr, /BROKEN, not the driver: ENOENT: .*; check that the path exists/);
  t.notMatch(stderr, /stack/);
  t.match(stdout, /BROKEN: a scenario, or a file of scenarios, ended without a result/);
});

/** A QEMU that is accepted, and does not start a guest. */
const brokenQemu = `#!/bin/sh
case "$*" in
  --version) echo 'QEMU emulator version 11.1.3' ;;
  '-device help') echo 'name "vfio-user-pci", bus PCI' ;;
  *) exit 1 ;;
esac
`;

t.test('vmmci transcript does not blame the driver for a broken QEMU', async (t) => {
  const { cwd, temporary } = await setUp(t);
  const qemu = join(cwd, 'qemu');
  await writeFile(qemu, brokenQemu, { mode: 0o755 });
  const { exitCode, stdout } = await execa(process.execPath, [main, 'transcript', '--qemu', qemu], {
    cwd,
    env: { TMPDIR: temporary },
    reject: false,
  });
  t.equal(exitCode, 3);
  t.match(stdout, /^6.12-cloud: broken: .*QEMU did not start: status 1/);
});

t.test('a closed output pipe ends a run and leaves no temporary file', async (t) => {
  const { cwd, temporary } = await setUp(t);
  const line = `${process.execPath} ${main} test --jobs 1 identity stop 2>&1 | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout } = await execa('bash', ['-c', line], { cwd, env: { TMPDIR: temporary } });
  t.match(stdout, /\n141$/);
  t.strictSame(await readdir(temporary), []);
});

t.test('reproduce.sh runs only the failed scenario, with the same driver', async (t) => {
  const { cwd } = await setUp(t);
  const driver = join(cwd, 'my driver');
  await cp(asset('driver'), driver, { recursive: true });
  const source = join(driver, 'vmmci_sysfs.c');
  const text = await readFile(source, 'utf8');
  await writeFile(source, text.replace('"%u.%06u\\n", sample.seconds', '"%u.%06u\\n", 1 + sample.seconds'));
  const first = await execa(
    process.execPath,
    [main, 'test', '--driver', driver, '--output', 'first', 'clock-driver'],
    {
      cwd,
      reject: false,
    },
  );
  t.equal(first.exitCode, 1, first.stdout);
  const again = await execa(join(cwd, 'first/6.12-cloud/clock-driver/reproduce.sh'), ['--output', 'second'], {
    cwd,
    reject: false,
  });
  t.equal(again.exitCode, 1, again.stdout);
  t.strictSame(await readdir(join(cwd, 'second/6.12-cloud')), ['clock-driver']);
  t.match(again.stdout, /^clock-driver FAILED:/m);
});
