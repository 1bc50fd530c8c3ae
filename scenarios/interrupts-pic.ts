// Commands interrupt the guest through each interrupt controller of vmd: the two 8259A, and from OpenBSD 8.0
// on also an I/O APIC.

import { interruptChips, isName, readInterrupt } from '../harness/guest/interrupts.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, interrupts } from '../harness/scenario/traffic.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

const controllers = { pic: 'XT-PIC', ioapic: 'IO-APIC' } as const;

// vmd of OpenBSD 6.2 leaves the line high when the ISR is read. That is harmless: its PIC samples the line
// only once for each command.
for (const [generation, controller, line] of [
  ['6.2', 'pic', 'high'],
  ['7.8', 'pic', 'low'],
  ['8.0', 'ioapic', 'low'],
] as const) {
  const options = { layout: 'vmd', generation, interrupts: controller, quiet: true } as const;
  scenario(`interrupts-${controller}-${generation}`, options, async (scene) => {
    const { check, vm, device, driver, trace, until } = scene;
    needSyncRtc(scene);
    driver.needs(driver.description.interrupts, 'an interrupt handler');
    const irq = (await readDevice(vm.shell, vm.address))?.irq ?? -1;
    const first = await readInterrupt(vm.shell, irq);
    check('device').equal('interrupt controller', first.chip, controllers[controller]);
    check('binds-function').equal('handlers of the interrupt', first.handlers.length, 1);
    check('names-interrupt').that(
      'name of the handler',
      first.handlers.every(isName),
      'a name',
      first.handlers,
    );
    const chips = await interruptChips(vm.shell);
    const hasIoApic = controller === 'ioapic';
    check('device').that(
      'I/O APIC',
      chips.includes(controllers.ioapic) === hasIoApic,
      hasIoApic ? 'present' : 'absent',
      chips,
    );

    for (const time of ['first', 'second']) {
      const before = await readInterrupt(vm.shell, irq);
      const mark = trace.mark;
      check('driver-ok').equal(`${time} SYNCRTC`, device.host.command('SYNCRTC'), 'sent');
      await until('ack', mark);
      const after = await readInterrupt(vm.shell, irq);
      check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
      check('one-interrupt').equal('interrupts', interrupts(trace, mark), 1);
      check('one-interrupt').equal('interrupts that the guest counted', after.count - before.count, 1);
      check('claims-own-interrupts').equal('unhandled interrupts', after.unhandled, 0);
      check('reads-isr').equal('interrupt line afterwards', device.pci.state().line, line);
    }

    const mark = trace.mark;
    check('driver-ok').equal('vmctl stop', device.host.stop(), 'sent');
    const exit = await vm.ended('end of a guest that was asked to stop', 30_000);
    check('acknowledges').equal('acknowledgements of the stop', acks(trace, mark), ['REBOOT: graceful']);
    check('goes-down').equal('end of the guest', exit.shutdown, 'guest-reset');
  });
}
