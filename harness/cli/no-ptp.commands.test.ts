// The bundled driver, built as for a kernel without PTP clocks.

import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { readResults } from '../report/results.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(300_000);

/** Comes after the kernel's configuration, so the driver is built as for a kernel without PTP clocks. */
const noPtp = '#undef CONFIG_PTP_1588_CLOCK\n#undef CONFIG_PTP_1588_CLOCK_MODULE\n';

t.test('the bundled driver builds and works for a kernel without PTP clocks', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-no-ptp-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const driver = join(directory, 'driver');
  await cp(asset('driver'), driver, { recursive: true });
  await writeFile(join(driver, 'no-ptp.h'), noPtp);
  await appendFile(join(driver, 'Kbuild'), 'ccflags-y += -include $(src)/no-ptp.h\n');
  const run = join(directory, 'run');
  const scenarios = ['clock-driver', 'load-unload', 'ptp', 'sync-rtc'];
  const { exitCode, stdout } = await execa(
    process.execPath,
    [main, 'test', '--driver', driver, '--exact', ...scenarios],
    { env: { VMMCI_RUN: run, VMMCI_DRIVER: undefined }, reject: false, stderr: 'ignore' },
  );
  const results = await readResults(run);
  t.strictSame(
    Object.fromEntries(results.map(({ scenario, verdict }) => [scenario, verdict])),
    { 'clock-driver': 'passed', 'load-unload': 'passed', ptp: 'failed', 'sync-rtc': 'passed' },
    stdout,
  );
  const failed = results.find(({ verdict }) => verdict === 'failed');
  t.match(
    failed?.reasons[0],
    /^names of the PTP clocks of the function: expected vmmci, seen none/,
    'there is none',
  );
  t.equal(exitCode, 1);
});
