// The host of OpenBSD 8.0 has level-triggered interrupts: the line stays high until the driver reads the ISR.
// One command causes one interrupt.

import { readInterrupt } from '../harness/guest/interrupts.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { showIsr } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, acks, interrupts, isTimeRead } from '../harness/scenario/traffic.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

/** This many interrupts for one command count as an interrupt storm. */
const storm = 25;

const options = { generation: '8.0', quiet: true, needs: ['PCI_MSI'] } as const;

scenario('interrupts-level', options, async ({ check, vm, device, driver, trace, until }) => {
  needSyncRtc({ driver, device });
  driver.needs(driver.description.interrupts, 'an interrupt handler');
  const setsFromDevice = driver.description.syncRtc === 'registers';
  const irq = (await readDevice(vm.shell, vm.address))?.irq ?? -1;
  for (const time of ['first', 'second']) {
    const before = await readInterrupt(vm.shell, irq);
    const mark = trace.mark;
    check('driver-ok').equal(`${time} SYNCRTC`, device.host.command('SYNCRTC'), 'sent');
    const lowered = await until(
      'interrupt',
      mark,
      ({ line }) => line === 'lower' || interrupts(trace, mark) >= storm,
    );
    check('reads-isr').equal('change of the line after the interrupt', lowered.line, 'lower');
    if (lowered.line !== 'lower') {
      check('reads-isr').equal('interrupts for one command', interrupts(trace, mark), 1);
      await vm.machine.kill(); // a guest in an interrupt storm does not respond any more
      return;
    }
    await until('ack', mark);
    if (setsFromDevice) await until('bar-read', mark, isTimeRead);
    const after = await readInterrupt(vm.shell, irq);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
    check('one-interrupt').equal('interrupts for one command', interrupts(trace, mark), 1);
    check('one-interrupt').equal('interrupts that the guest counted', after.count - before.count, 1);
    check('claims-own-interrupts').equal('unhandled interrupts', after.unhandled, 0);
    const accessed = accesses(trace, mark);
    check('register-widths').equal(
      'accesses whose width is not that of the register',
      accessed.filter((access) => access.includes('bits')),
      [],
    );
    check('no-needless-accesses').equal('accesses for one command', accessed, [
      'read isr',
      'read command',
      'write command = SYNCRTC',
      ...(setsFromDevice ? ['read secondsLow', 'read microsecondsLow'] : []),
    ]);
    check('reads-isr').equal('ISR afterwards', device.pci.state().isr, 0, showIsr);
  }
});
