// In a distribution the installed driver loads without further action: at boot by modules-load.d, and on
// hot-plug by its alias through udev.

import { readDevice } from '../../harness/guest/sysfs.js';
import { showFeatures } from '../../harness/scenario/formats.js';
import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { isDriverOk } from '../../harness/scenario/traffic.js';
import { negotiatedFeatures } from '../shared/negotiated-features.js';

const checkBound = async ({ check, vm, device, driver }: Scene): Promise<void> => {
  check('loads-by-alias').equal('modules', await driver.loaded(), driver.description.modules);
  const found = await readDevice(vm.shell, vm.address);
  check('binds-function').equal('driver of the function', found?.driver, driver.description.pciDriver);
  const { accepted, expected } = negotiatedFeatures({ driver, device });
  check('negotiates-features').equal('negotiated features', accepted, expected, showFeatures);
};

scenario('distro-autoload', { guest: 'distro', boot: 'cold' }, async (scene) => {
  const { check, vm, driver, environment, until } = scene;
  await until('status', 0, isDriverOk);
  await checkBound(scene);
  for (const module of driver.description.modules) {
    check('loads-by-alias').equal(
      `path at which modprobe finds ${module}`,
      await vm.shell.text(`modinfo -F filename ${module}`),
      `/lib/modules/${environment.kernel.release}/updates/dkms/${module}.ko`,
    );
    const inserted = `Inserted module '${module}'|Module '${module}' is already loaded`;
    const line = await vm.shell.run(`journalctl -b -t systemd-modules-load -o cat | grep -E "${inserted}"`);
    const lines = line.stdout.toString().split('\n').length - 1;
    check('loads-by-alias').equal(`lines of modules-load about ${module}`, lines, 1);
  }
  const journal = await vm.shell.text('journalctl -b -k -o cat');
  check('binds-function').that(
    'binding in the journal',
    journal.includes(vm.address),
    `a line about ${vm.address}`,
    journal.split('\n').slice(-5),
  );
  const state = await vm.shell.text('systemctl is-system-running --wait');
  check('loads-by-alias').equal('state of systemd', state, 'running');
});

scenario('distro-alias', { guest: 'distro', plugged: false }, async (scene) => {
  const { check, vm, driver, trace, until } = scene;
  await driver.unload();
  check('loads-by-alias').equal('modules before the function is plugged in', await driver.loaded(), []);
  const mark = trace.mark;
  await vm.plug();
  await until('status', mark, isDriverOk);
  await vm.shell.text('udevadm settle');
  await checkBound(scene);
});
