// Drivers that are not the bundled one, through the commands: one with the interface of the public driver,
// one that is being written, and one with a bug that was put into it. Each is a run of scenarios, so not part
// of the default tests.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { readResults } from '../report/results.js';

const main = join(import.meta.dirname, 'main.js');

/** Unsets the driver of this run's environment, as each test chooses its own. */
const environment = (directory: string) => ({
  VMMCI_RUN: join(directory, 'run'),
  VMMCI_DRIVER: undefined,
  VMMCI_DRIVER_DESCRIPTION: undefined,
});

const temporary = async (t: { teardown(step: () => unknown): unknown }): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-drivers-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
};

t.setTimeout(1_200_000);

t.test('a driver with the interface of the public driver is recognized by its Kbuild', async (t) => {
  const directory = await temporary(t);
  const scenarios = [
    ...['autoload', 'clock-driver', 'command-overwritten', 'drift', 'feature-subsets', 'hot-plug'],
    ...['sticky-stop', 'stop', 'stop-reload', 'sync-rtc', 'transcript', 'unknown-command'],
  ];
  const { exitCode, stdout } = await execa(
    process.execPath,
    [main, 'test', '--driver', asset('stand-in-driver'), ...scenarios],
    { env: environment(directory), reject: false, stderr: 'ignore' },
  );
  const results = await readResults(join(directory, 'run'));
  t.strictSame(
    Object.fromEntries(results.map(({ scenario, verdict }) => [scenario, verdict])),
    {
      autoload: 'passed',
      'clock-driver': 'skipped',
      'clock-running': 'skipped',
      'command-overwritten': 'passed',
      drift: 'passed',
      'feature-subsets': 'passed',
      'hot-plug': 'passed',
      shutdown: 'passed',
      'sticky-stop': 'passed',
      stop: 'passed',
      'stop-again': 'skipped',
      'stop-reload': 'passed',
      'sync-again': 'skipped',
      'sync-rtc': 'skipped',
      'sync-rtc-seconds': 'passed',
      transcript: 'passed',
      'unknown-command': 'passed',
    },
    stdout,
  );
  const skipped = results.filter(({ verdict }) => verdict === 'skipped');
  for (const { reasons, directory } of skipped) {
    t.match(reasons[0], /^driver virtio_vmmci does not have /);
    const again = await readFile(join(directory, 'reproduce.sh'), 'utf8');
    t.match(
      again,
      / --exact (clock-driver|clock-running|stop-again|sync-again|sync-rtc) "\$@"\n$/,
      'reproduce.sh runs only this scenario',
    );
  }
  t.equal(exitCode, 0, 'nothing failed');
});

t.test('a correct driver without a virtio device, which only stops the guest, fails nothing', async (t) => {
  const directory = await temporary(t);
  const passes = [
    ...['autoload', 'driver-ok', 'failing-calls', 'load-unload', 'lost-interrupt', 'parameter-interval'],
    ...['parameters', 'probe-absent-command', 'shutdown', 'sleep-commands', 'stop', 'suspend'],
  ];
  const skips = ['attributes', 'bind-unbind', 'ptp', 'sync-rtc', 'transport'];
  const { exitCode, stdout } = await execa(
    process.execPath,
    [main, 'test', '--driver', asset('pci-driver'), '--exact', ...passes, ...skips],
    { env: environment(directory), reject: false, stderr: 'ignore' },
  );
  const results = await readResults(join(directory, 'run'));
  const verdicts = (verdict: string): string[] =>
    results.filter((result) => result.verdict === verdict).map(({ scenario }) => scenario);
  t.strictSame(verdicts('passed').sort(), passes, stdout);
  t.strictSame(verdicts('skipped').sort(), skips);
  t.equal(exitCode, 0);
});

t.test('watch tests each save, and an interrupt leaves no temporary file', async (t) => {
  const directory = await temporary(t);
  const driver = join(directory, 'driver');
  await cp(asset('driver'), driver, { recursive: true });
  const source = join(driver, 'vmmci_sysfs.c');
  const text = await readFile(source, 'utf8');
  const child = execa(process.execPath, [main, 'watch', '--driver', driver, 'clock-driver'], {
    env: { ...environment(directory), TMPDIR: directory },
    reject: false,
    buffer: false,
    stderr: 'ignore',
  });
  const seen: string[] = [];
  const verdicts: string[] = [];
  const next: readonly [when: string, edit: () => unknown][] = [
    [
      'as it is',
      () => writeFile(source, text.replace('"%u.%06u\\n", sample.seconds', '"%u.%u\\n", sample.seconds')),
    ],
    ['with a bug', () => writeFile(source, `${text}int x = ;\n`)],
    ['with an error', () => writeFile(source, text)],
    ['mended', () => child.kill('SIGINT')],
  ];
  const edits = [...next];
  for await (const line of createInterface({ input: child.stdout })) {
    seen.push(line);
    const verdict = /^(clock-driver|build) +(\w+) /.exec(line);
    if (verdict !== null) verdicts.push(verdict.slice(1).join(' '));
    if (line.includes('from the save')) await edits.shift()?.[1]();
  }
  const { exitCode } = await child;
  t.strictSame(
    verdicts,
    ['clock-driver passed', 'clock-driver FAILED', 'build FAILED', 'clock-driver passed'],
    seen.join('\n'),
  );
  t.equal(
    // clock-running fails, too, if it happens to read less than a tenth of a second after a full one.
    seen.filter((line) => /^1 cause explains (?:1 of 1 failure|2 of 2 failures)$/.test(line)).length,
    1,
    'the cause of the bug',
  );
  t.ok(
    seen.some((line) => line.includes('vmmci_sysfs.c') && line.includes('expected expression')),
    'the error of the compiler',
  );
  t.equal(seen.filter((line) => line.startsWith('compiler output: ')).length, 1);
  t.equal(exitCode, 0);
  t.strictSame((await readdir(directory)).sort(), ['driver', 'run'], 'no temporary file is left');
});

t.test('a seeded bug is caught', async (t) => {
  const directory = await temporary(t);
  const { exitCode, stdout } = await execa(process.execPath, [main, 'seeded', '51-', '--jobs', '1'], {
    env: { ...environment(directory), TMPDIR: directory },
    reject: false,
    stderr: 'ignore',
  });
  t.match(stdout, /^1 of 1 bugs caught/m);
  t.match(stdout, /^the cause was named right for 1, not at all for 0, wrong for 0/m);
  const [, details = ''] = /each bug: (\S+)/.exec(stdout) ?? [];
  t.match(
    await readFile(details, 'utf8'),
    /^51-microseconds-not-padded +caught by clock-driver .* fraction-not-padded .* the driver shows host time as/m,
  );
  t.equal(exitCode, 0);
  t.strictSame(await readdir(directory), ['run'], 'no temporary file is left');
});
