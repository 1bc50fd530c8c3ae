// The driver is bound and unbound repeatedly while commands arrive and its attributes are read. It
// acknowledges every command.

import { showFeatures, showInstant, showStatus } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isDriverOk, samples } from '../harness/scenario/traffic.js';
import { negotiatedFeatures } from './shared/negotiated-features.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

const rounds = 15;
const options = { cpus: 2, pollMs: 10 } as const;

scenario('bind-unbind', options, async ({ check, vm, device, driver, trace, until }) => {
  needSyncRtc({ driver, device });
  const { pciDriver } = driver.description;
  const { directory, devices } = driver.binding;
  const rebind = `cd ${directory}
      for device in ${devices}; do echo $device >unbind; echo $device >bind; done`;
  const before = await holdings(vm.shell, vm.address);
  const start = trace.mark;
  const stop = trace.follow((event) => {
    if (event.kind === 'status' && isDriverOk(event)) setImmediate(() => device.host.command('SYNCRTC'));
  });
  await vm.shell.text(
    `(while [ ! -e /run/enough ]; do cat ${driver.allPaths} || usleep 1000; done >/dev/null 2>&1; : >/run/ended) &`,
  );
  // A command for each round: each bind and unbind has the kernel interpret the firmware's table of interrupt
  // routes (_PRT), which takes seconds with KASAN and kmemleak.
  for (let round = 1; round <= rounds; round += 1)
    await vm.shell.text(
      `(set -e
      ${rebind}
      cd /sys/bus/pci/drivers/${pciDriver}
      echo ${vm.address} >unbind
      echo ${vm.address} >bind)`,
      { what: `round ${round} of ${rounds} of unbinding and binding` },
    );
  await vm.shell.text(': >/run/enough; until [ -e /run/ended ]; do usleep 1000; done');
  stop();
  const sent = trace.since(start, 'command').filter(({ result }) => result === 'sent').length;
  check('driver-ok').that('commands sent during the rounds', sent > 0, 'at least one', sent);
  await until('ack', start, undefined, sent);
  const answers = Array.from({ length: sent }, () => 'SYNCRTC: cleared');
  check('acknowledges').equal('acknowledgements', acks(trace, start), answers);
  check('acknowledges').equal('command register', device.vmmci.state().command, 'NONE');
  if (driver.showsHostTime) {
    const time = await driver.hostTime();
    check('shows-host-time').that(
      'host time',
      samples(trace, start).has(time),
      'a sample of the device',
      showInstant(time),
    );
  }
  check('leaves-nothing').equal('leaked resources', await leftovers(vm.shell, before), []);

  // Only an interrupt leads to an acknowledgement where the driver does not poll.
  // A parameter may be for loading only.
  for (const [name, value] of Object.entries(driver.quiet))
    await vm.shell.run(`echo ${value} >${driver.parameterPath(name)}`);
  await vm.shell.text(`(set -e; ${rebind})`, { what: `unbinding and binding of ${driver.binding.driver}` });
  const mark = trace.mark;
  const { accepted, expected } = negotiatedFeatures({ driver, device });
  check('negotiates-features').equal(
    `negotiated features where only ${driver.binding.driver} was bound again`,
    accepted,
    expected,
    showFeatures,
  );
  const result = device.host.command('SYNCRTC');
  check('driver-ok').equal('SYNCRTC to a driver that does not poll', result, 'sent');
  if (result === 'sent') await until('ack', mark);

  // The virtio device goes while its driver is bound.
  await vm.shell.text(`echo ${vm.address} >/sys/bus/pci/drivers/${pciDriver}/unbind`);
  const after = device.vmmci.state();
  const resets = check('resets-device');
  resets.equal('status after the function was unbound', after.status, 0, showStatus);
  resets.equal('features after the function was unbound', after.guestFeatures, 0, showFeatures);
});
