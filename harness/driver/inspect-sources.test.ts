import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { inspectSources } from './inspect-sources.js';

const sourcesIn = (directory: string): Map<string, string> =>
  new Map(
    readdirSync(directory)
      .filter((name) => /\.[ch]$/.test(name))
      .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  );

const inspect = (...path: string[]) =>
  inspectSources(readFileSync(asset(...path, 'Kbuild'), 'utf8'), sourcesIn(asset(...path)));

t.test('the sources of the bundled driver give its description', (t) => {
  const { name, description, ...expected } = JSON.parse(
    readFileSync(asset('driver', 'vmmci-driver.json'), 'utf8'),
  ) as Record<string, unknown> & { parameters: { module: string; name: string }[] };
  const seen = inspect('driver');
  t.match(seen, {
    modules: expected.modules,
    pciDriver: expected.pciDriver,
    virtioDriver: expected.virtioDriver,
    time: expected.time,
  });
  t.strictSame(
    [...seen.parameters].sort((a, b) => (a.name < b.name ? -1 : 1)),
    expected.parameters.map(({ module, name }) => ({ module, name })),
  );
  t.end();
});

t.test('a driver with sysctl values is recognized', (t) => {
  t.match(inspect('stand-in-driver'), {
    modules: ['virtio_pci_obsd', 'virtio_vmmci'],
    pciDriver: 'virtio-pci-obsd',
    virtioDriver: 'virtio_vmmci',
    time: { kind: 'sysctl', driftSec: 'vmmci.drift_sec', driftNsec: 'vmmci.drift_nsec' },
    parameters: [{ module: 'virtio_vmmci', name: 'debug' }],
  });
  t.end();
});

t.test('the transport is loaded first, whatever the order in Kbuild is', (t) => {
  const sources = new Map([
    ['b.c', 'static struct pci_driver p = {\n\t.id_table = ids,\n\t.name = "bus",\n};'],
    ['a.c', 'static struct virtio_driver v = {\n\t.driver.name = KBUILD_MODNAME,\n};'],
  ]);
  const seen = inspectSources('obj-m += front.o back.o\nfront-y := a.o\nback-objs := \\\n b.o\n', sources);
  t.match(seen, { modules: ['back', 'front'], pciDriver: 'bus', virtioDriver: 'front', time: undefined });
  t.end();
});
