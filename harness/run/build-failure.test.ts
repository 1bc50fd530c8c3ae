import { join } from 'node:path';
import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { readResults } from '../report/results.js';
import { writeBuildFailure } from './build-failure.js';

t.test('a driver that does not compile has the same name as one that does', async (t) => {
  const line = "a.c:1:1: error: implicit declaration of function 'getnstimeofday64'";
  const description = { name: 'mine', modules: ['a'], pciDriver: 'pci-a' };
  const directory = t.testdir({
    a: { Kbuild: 'obj-m += a.o\n', 'vmmci-driver.json': JSON.stringify(description) },
    log: `${line}\n`,
    run: {},
  });
  const error = new HarnessError('DRIVER_BUILD', {
    directory: join(directory, 'a'),
    release: '6.12.1',
    reason: line,
    log: join(directory, 'log'),
  });
  const choice = {
    run: join(directory, 'run'),
    kernel: '6.12-cloud',
    generation: '8.0',
    driver: join(directory, 'a'),
  } as const;
  const result = await writeBuildFailure(choice, error);
  t.match(result, { scenario: 'build', verdict: 'failed', driver: 'mine', kernel: '6.12.1' });
  t.match(await readResults(choice.run), [{ driver: 'mine', causes: [{ id: 'getnstimeofday64-gone' }] }]);
});
