import t from 'tap';
import { parseDriver } from '../driver/description.js';
import type { Shell } from '../guest/shell.js';
import { Driver } from './driver.js';

const address = '0000:00:05.0';

const driverWith = (fields: Readonly<Record<string, unknown>>): Driver => {
  const text = JSON.stringify({ name: 'mine', modules: ['a'], pciDriver: 'pci-a', ...fields });
  const description = parseDriver('vmmci-driver.json', '/d', text);
  return new Driver({} as Shell, description, { address, nextReading: () => Promise.resolve() });
};

t.test('the attributes are those of the virtio device', async (t) => {
  const driver = driverWith({ virtioDriver: 'b' });
  t.strictSame(driver.binding, {
    driver: 'b',
    directory: '/sys/bus/virtio/drivers/b',
    devices: 'virtio*',
  });
  t.equal(driver.path('x'), `/sys/bus/pci/devices/${address}/virtio*/x`);
  t.equal(driver.allPaths, driver.path('*'));
});

t.test('without a virtio driver they are those of the function, and no others are read', async (t) => {
  const time = { kind: 'sysfs', driftNs: 'drift' };
  const driver = driverWith({ time, commands: { kind: 'sysfs', last: 'latest', counts: 'tally' } });
  t.strictSame(driver.binding, {
    driver: 'pci-a',
    directory: '/sys/bus/pci/drivers/pci-a',
    devices: address,
  });
  const [drift, latest, tally] = ['drift', 'latest', 'tally'].map(
    (name) => `/sys/bus/pci/devices/${address}/${name}`,
  );
  t.equal(driver.path('drift'), drift);
  t.equal(driver.allPaths, `/dev/null ${drift} ${latest} ${tally}`);
  t.equal(driverWith({}).allPaths, '/dev/null');
});
