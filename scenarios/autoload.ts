// The installed modules load automatically when the function appears: the transport by its PCI alias, the
// driver by the virtio alias of the child device.

import { readDevice } from '../harness/guest/sysfs.js';
import { showFeatures, showInstant } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';
import { checkNames } from './shared/check-names.js';
import { loadedBefore } from './shared/module-needs.js';
import { negotiatedFeatures } from './shared/negotiated-features.js';

/** The modalias of virtio device 0xffff, vendor 0x0b5d. */
const virtioAlias = 'virtio:d0000FFFFv00000B5D';

/** PCI functions and virtio devices with one other id. */
const foreignAliases = [
  'pci:v00000B5Dd00000778sv00000B5Dsd0000FFFFbc07sc80i00',
  'pci:v00001AF4d00000777sv00000B5Dsd0000FFFFbc07sc80i00',
  'pci:v00000B5Dd00000777sv00001AF4sd0000FFFFbc07sc80i00',
  'pci:v00000B5Dd00000777sv00000B5Dsd00000777bc07sc80i00',
  'virtio:d00000004v00000B5D',
  'virtio:d0000FFFFv00001AF4',
];

scenario(
  'autoload',
  { driver: 'installed', plugged: false },
  async ({ check, vm, device, driver, environment, trace, until }) => {
    const { shell } = vm;
    const [transport = '', ...others] = driver.description.modules;
    for (const name of others) {
      const before = await loadedBefore(environment, name);
      const found = before.includes(transport.replaceAll('-', '_'));
      check('loads-transport').that(`modules that modprobe loads before ${name}`, found, transport, before);
    }
    const missing = await shell.text(
      `for module in ${driver.description.modules.join(' ')}; do
        for field in description author; do
          [ -n "$(modinfo -F $field $module)" ] || echo $module: $field
        done
      done`,
    );
    check('describes-modules').equal(checkNames.missingInformation, missing.split('\n').filter(Boolean), []);
    check('loads-by-alias').equal('modules before the function is plugged in', await driver.loaded(), []);
    const mark = trace.mark;
    await vm.plug();
    const pciAlias = await shell.output(['read-files', `/sys/bus/pci/devices/${vm.address}/modalias`]);
    for (const alias of [pciAlias, ...(driver.description.virtioDriver === undefined ? [] : [virtioAlias])]) {
      const found = await driver.withAlias(alias);
      check('loads-by-alias').that(`module for ${alias}`, found.length > 0, 'a module of the driver', found);
      // Nothing loads it then.
      if (found.length === 0) return;
    }
    for (const alias of foreignAliases)
      check('binds-only-vmmci').equal(
        `${checkNames.foreignModule} ${alias}`,
        await driver.withAlias(alias),
        [],
      );
    await until('status', mark, isDriverOk);
    check('loads-by-alias').equal(
      'modules after the function is plugged in',
      await driver.loaded(),
      driver.description.modules,
    );
    const found = await readDevice(vm.shell, vm.address);
    check('binds-function').equal('driver of the function', found?.driver, driver.description.pciDriver);
    const { accepted, expected } = negotiatedFeatures({ driver, device });
    check('negotiates-features').equal('negotiated features', accepted, expected, showFeatures);
    if (!driver.showsHostTime) return;
    const time = await driver.hostTime();
    check('shows-host-time').equal('host time', time, device.vmmci.state().lastSample, showInstant);
  },
);
