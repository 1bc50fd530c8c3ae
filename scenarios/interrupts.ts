// The host of OpenBSD 7.9 delivers each interrupt once. The driver does not claim the interrupt of another
// device on the shared line.

import { readInterrupt } from '../harness/guest/interrupts.js';
import { recordPowerRequests } from '../harness/guest/power.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { showIsr } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, acks, interrupts, isTimeRead, readsOf } from '../harness/scenario/traffic.js';
import { checkNames } from './shared/check-names.js';
import { countUnhandled } from './shared/count-unhandled.js';
import { driverLog } from './shared/driver-log.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

const options = { generation: '7.9', quiet: true, needs: ['PCI_MSI'] } as const;

scenario('interrupts', options, async (scene) => {
  const { check, vm, device, driver, trace, until, environment } = scene;
  needSyncRtc(scene);
  driver.needs(driver.description.interrupts, 'an interrupt handler');
  const irq = (await readDevice(vm.shell, vm.address))?.irq ?? -1;
  let mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  // The work of a command comes later, and is not to be taken for an effect of a later interrupt.
  const setsFromDevice = driver.description.syncRtc === 'registers';
  if (setsFromDevice) await until('bar-read', mark, isTimeRead);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  check('one-interrupt').equal('interrupts', interrupts(trace, mark), 1);
  check('reads-isr').equal('interrupt line afterwards', device.pci.state().line, 'low');
  check('reads-isr').equal('ISR afterwards', device.pci.state().isr, 0, showIsr);
  const own = await readInterrupt(vm.shell, irq);
  check('claims-own-interrupts').equal('unhandled interrupts', own.unhandled, 0);

  // The bit of the queues is set, too (virtio 1.2, 4.1.4.5). No vmd sets it for this device.
  if (environment.level === 'may') {
    device.faults.set({ faults: [{ kind: 'value', value: 3, when: readsOf('isr') }] });
    mark = trace.mark;
    check('driver-ok').equal('SYNCRTC with an ISR of 3', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    const answers = acks(trace, mark);
    check('acknowledges').equal('acknowledgements, the ISR reading 3', answers, ['SYNCRTC: cleared']);
    if (setsFromDevice) await until('bar-read', mark, isTimeRead);

    // The bit of the queues alone: an interrupt of this device, but no change of its configuration.
    await recordPowerRequests(vm.shell);
    device.faults.set({ faults: [{ kind: 'value', value: 1, when: readsOf('isr') }] });
    mark = trace.mark;
    check('driver-ok').equal('SHUTDOWN with an ISR of 1', device.host.command('SHUTDOWN'), 'sent');
    await until('fault', mark);
    const { unhandled } = await readInterrupt(vm.shell, irq);
    check('claims-own-interrupts').equal(checkNames.queueInterrupt, unhandled, 0);
    check('no-needless-accesses').equal(
      checkNames.accessesOfQueueInterrupt,
      accesses(trace, mark).filter((access) => access !== 'read isr'),
      [],
    );
  }
  const both = await readInterrupt(vm.shell, irq);

  const logged = (await driverLog(vm.shell, driver.description)).length;
  device.faults.set({ faults: [{ kind: 'value', value: 0, when: readsOf('isr') }] });
  mark = trace.mark;
  check('driver-ok').equal('second SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('fault', mark);
  const foreign = await readInterrupt(vm.shell, irq);
  check('claims-own-interrupts').equal(
    'interrupts that the guest counted, the ISR reading 0',
    foreign.count - both.count,
    1,
  );
  check('claims-own-interrupts').equal('acknowledgements, the ISR reading 0', acks(trace, mark), []);
  const lines = (await driverLog(vm.shell, driver.description)).slice(logged);
  check('quiet-log').equal(checkNames.linesOfForeignInterrupt, lines, []);
  const unhandled = await countUnhandled(scene, irq);
  check('claims-own-interrupts').equal('unhandled interrupts, the ISR reading 0', unhandled, 1);
});

// Another driver has had its handler on the same line before, as on a host with more devices than lines. (The
// kernel compares the flags of a new handler with those of the first one.)
scenario(
  'shared-interrupt',
  { driver: 'installed', helpers: true, needs: ['PCI_MSI'] },
  async ({ check, vm, device, driver, trace, until }) => {
    const { shell } = vm;
    driver.needs(driver.description.interrupts, 'an interrupt handler');
    await driver.load(driver.quiet);
    needSyncRtc({ driver, device });
    const irq = (await readDevice(shell, vm.address))?.irq ?? -1;
    await driver.unload();
    await shell.output(['load', 'shared_line', `irq=${irq}`]);
    const error = await shell.output(['read-files', '/sys/module/shared_line/parameters/error']);
    check('device').equal('error of the other driver', Number(error), 0);
    await driver.load(driver.quiet);
    const bound = (await readDevice(shell, vm.address))?.driver;
    check('keeps-devices-apart').equal(
      'driver of a function on a shared line',
      bound,
      driver.description.pciDriver,
    );
    if (bound !== driver.description.pciDriver) {
      await shell.output(['unload', 'shared_line']);
      return;
    }
    const mark = trace.mark;
    check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    check('claims-own-interrupts').equal(
      'unhandled interrupts of the shared line',
      (await readInterrupt(shell, irq)).unhandled,
      0,
    );
    await shell.output(['unload', 'shared_line']);
  },
);
