// The driver is loaded and unloaded a hundred times in one go. Slow: the guest's kernel works for about 8 s.

import { stopAutoload } from '../../harness/guest/autoload.js';
import { showStatus } from '../../harness/scenario/formats.js';
import { holdings, leftovers } from '../../harness/scenario/leftovers.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { isDriverOk } from '../../harness/scenario/traffic.js';

const rounds = 100;

scenario('load-unload-100', { driver: 'installed' }, async ({ check, vm, device, driver, trace }) => {
  const { modules } = driver.description;
  const loading = modules.map((module) => `modprobe ${module}`).join(' && ');
  const unloading = [...modules]
    .reverse()
    .map((module) => `rmmod ${module}`)
    .join(' && ');
  await stopAutoload(vm.shell); // its modprobe would race with ours
  const before = await holdings(vm.shell, vm.address);
  const mark = trace.mark;
  await vm.shell.text(`for round in $(seq ${rounds}); do ${loading} && ${unloading} || exit 1; done`, {
    timeoutMs: 120_000,
  });
  const ups = trace.since(mark, 'status').filter(isDriverOk).length;
  check('comes-back').equal('times that the driver came up', ups, rounds);
  check('resets-device').equal('status at the end', device.vmmci.state().status, 0, showStatus);
  check('leaves-nothing').equal('leaked resources', await leftovers(vm.shell, before), []);
});
