import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Environment } from '../run/environment.js';
import { verdictOf } from '../run/verdict.js';
import { missingOptions, neededOptions, requireKernel } from './kernel-needs.js';

t.test('derives options from the machine and adds those of the scenario', async (t) => {
  t.strictSame(neededOptions({}), []);
  t.strictSame(neededOptions({ cpus: 2, needs: ['PCI_MSI'] }), ['SMP', 'PCI_MSI']);
  t.ok(neededOptions({ layout: 'vmd' }).includes('HW_RANDOM_VIRTIO'));
});

t.test('accepts options that are built as modules', async (t) => {
  const config = 'CONFIG_SMP=y\nCONFIG_VIRTIO_NET=m\n# CONFIG_PCI_MSI is not set\nCONFIG_DEVMEM="y"\n';
  t.strictSame(missingOptions(config, ['SMP', 'VIRTIO_NET', 'PCI_MSI', 'DEVMEM']), ['PCI_MSI', 'DEVMEM']);
});

t.test('skips a scenario on a kernel without a needed option and says why', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'vmmci-test-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const config = join(directory, 'config');
  await writeFile(config, 'CONFIG_SMP=y\n');
  const environment = { kernel: { release: '6.12.0', config } } as Environment;
  const error = await requireKernel(environment, { needs: ['PCI_MSI'] }).catch((error: unknown) => error);
  t.match(error, {
    message:
      'kernel 6.12.0: built without CONFIG_PCI_MSI (without it the disks share the interrupt line of the function)',
  });
  t.equal(verdictOf(error), 'skipped');
  await requireKernel(environment, { cpus: 2 });
  await requireKernel({ kernel: { config: '/nonexistent' } } as Environment, {});
});
