// The function is unplugged while a process reads its clock, if the driver shows it, and plugged in again.

import { readDevice } from '../harness/guest/sysfs.js';
import { showEach, showFeatures, showInstant } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk, samples } from '../harness/scenario/traffic.js';
import { negotiatedFeatures } from './shared/negotiated-features.js';

const rounds = 2;

scenario('hot-plug', { cpus: 2 }, async ({ check, vm, device, driver, trace, until }) => {
  const { shell } = vm;
  const reads = driver.showsHostTime;
  if (reads) {
    const file = driver.path(driver.hostTimeName);
    // If no reading works at all, this one says why.
    await driver.hostTime();
    await shell.text(
      `(while [ ! -e /run/enough ]; do cat ${file} || usleep 1000; done >/run/readings 2>/dev/null; : >/run/ended) &`,
    );
  }
  const before = await holdings(shell, vm.address);
  for (let round = 1; round <= rounds; round++) {
    const reading = trace.mark;
    if (reads) await until('sample', reading, undefined, 3);
    await vm.unplug();
    const found = await readDevice(shell, vm.address);
    check('device').equal(`function after unplug ${round}`, found, undefined);
    const mark = trace.mark;
    await vm.plug();
    await until('status', mark, isDriverOk);
    const { accepted, expected } = negotiatedFeatures({ driver, device });
    check('comes-back').equal(`negotiated features after plug ${round}`, accepted, expected, showFeatures);
    check('leaves-nothing').equal('leaked resources', await leftovers(shell, before), []);
  }
  if (!reads) return;
  await shell.text(': >/run/enough; until [ -e /run/ended ]; do usleep 1000; done');
  const sampled = samples(trace, 0);
  const readings = await driver.readings('/run/readings');
  check('shows-host-time').equal(
    'readings that are not samples of the device',
    readings.filter((time) => !sampled.has(time)),
    [],
    showEach(showInstant),
  );
  check('comes-back').that('readings', readings.length > 0, 'at least one', readings.length);
});
