// The guest sleeps (ACPI S3) and wakes to a device that has lost everything: features, DRIVER_OK and commands are back.
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isDriverOk, isLook } from '../harness/scenario/traffic.js';

const options = { optionalParameters: { drift_interval_ms: '20' }, needs: ['SUSPEND'] } as const;

scenario('suspend', options, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  const { qmp } = vm.machine;
  const asleep = qmp.waitEvent('SUSPEND', { ms: 15_000 });
  const mark = trace.mark;
  const suspend = vm.shell.text('echo mem >/sys/power/state', { what: 'waking up' });
  await vm.console.guard(asleep, { what: 'suspend', timeoutMs: 15_000 });
  await qmp.execute('system_wakeup');
  await suspend;
  const { seq } = await until('status', mark, isDriverOk);
  check.equal('features in use', device.vmmci.state().guestFeatures, 7);
  check.equal('DRIVER_OK', device.vmmci.state().status & 4, 4);
  if (driver.has('drift_interval_ms')) await until('bar-read', seq, isLook, 3);
  if (driver.showsHostTime) {
    const time = await driver.hostTime();
    check.equal('host_time', time, device.vmmci.state().lastSample);
  }
  const woken = trace.mark;
  check.equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', woken);
  check.equal('acknowledgements', acks(trace, woken), [[3, 'cleared']]);
});
