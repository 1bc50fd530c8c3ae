// Runs `vmmci test` on a driver that does not compile. No guest is started.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { readResults } from '../report/results.js';

const main = join(import.meta.dirname, 'main.js');

t.setTimeout(300_000);

t.test('a driver that does not compile gets the verdict failed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-does-not-compile-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const driver = join(directory, 'driver');
  await cp(asset('driver'), driver, { recursive: true });
  await writeFile(
    join(driver, 'vmmci.c'),
    '#error "not today"\n#error "nor tomorrow"\nint f(void) { return do_gettimeofday(); }\n',
  );
  const { exitCode, stdout } = await execa(process.execPath, [main, 'test', '--driver', driver, 'stop'], {
    env: {
      VMMCI_RUN: join(directory, 'run'),
      VMMCI_DRIVER: undefined,
      VMMCI_DRIVER_DESCRIPTION: undefined,
    },
    reject: false,
    stderr: 'ignore',
  });
  const [result, ...more] = await readResults(join(directory, 'run'));
  t.strictSame(more, [], 'nothing ran');
  t.match(result, { scenario: 'build', verdict: 'failed', driver: 'driver' });
  t.match(result?.reasons[0], /^does not build on 6\.\S+: vmmci\.c:1:2: error: #error "not today"/);
  t.equal(result?.reasons[1], 'vmmci.c:2:2: error: #error "nor tomorrow"');
  t.match(await readFile(join(result?.directory ?? '', 'build.log'), 'utf8'), 'nor tomorrow');
  t.match(result?.unmet, [{ requirement: 'builds' }]);
  t.match(result?.causes, [{ id: 'do-gettimeofday-gone', evidence: [/do_gettimeofday/] }]);
  t.match(stdout, 'The driver uses do_gettimeofday, which was removed from the kernel before 5.10.');
  t.match(stdout, /build +FAILED/);
  t.ok(stdout.endsWith(`compiler output: ${join(result?.directory ?? '', 'build.log')}`), stdout);
  t.equal(exitCode, 1);
});
