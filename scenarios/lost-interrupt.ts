// Hosts up to OpenBSD 7.3 lose an interrupt that is raised while the line is masked, and no host repeats a
// command. The driver has to poll.

import { readInterrupt } from '../harness/guest/interrupts.js';
import { recordPowerRequests } from '../harness/guest/power.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { showIsr } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, interrupts, isReadOf } from '../harness/scenario/traffic.js';
import { ISR_CONFIG } from '../harness/vmmci/registers.js';
import { acknowledgedIn } from './shared/acknowledged-in.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';

/**
 * Writes the upper byte of the PCI command register, which disables INTx. QEMU honours the bit; vmd ignores
 * it.
 */
const setInterrupts = (address: string, on: boolean): string =>
  `printf '\\${on ? '000' : '004'}' | dd of=/sys/bus/pci/devices/${address}/config bs=1 seek=5 count=1 conv=notrunc status=none`;

scenario('lost-interrupt', { generation: '7.3' }, async (scene) => {
  const { check, vm, device, driver, trace, until, environment } = scene;
  await vm.shell.text(setInterrupts(vm.address, false));
  await recordPowerRequests(vm.shell);
  const irq = (await readDevice(vm.shell, vm.address))?.irq ?? -1;
  const before = await readInterrupt(vm.shell, irq);
  const start = trace.mark;
  for (const [time, stop] of [
    ['first', 'REBOOT'],
    ['second', 'SHUTDOWN'],
  ] as const) {
    const mark = trace.mark;
    const name = takesSyncRtc(scene) ? 'SYNCRTC' : stop;
    check('driver-ok').equal(`${time} ${name}`, device.host.command(name), 'sent');
    await until('ack', mark);
    acknowledgedIn(check('looks-unasked'), trace, mark, environment);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), [
      name === 'SYNCRTC' ? 'SYNCRTC: cleared' : `${name}: graceful`,
    ]);
  }
  const after = await readInterrupt(vm.shell, irq);
  check('device').equal('interrupts that the guest counted', after.count - before.count, 0);

  // A poll may read the ISR as well.
  if (!trace.since(start, 'bar-read').some(isReadOf('isr')))
    check('device').equal('unread ISR', device.pci.state().isr, ISR_CONFIG, showIsr);
  await driver.unload();
  check('resets-device').equal('ISR after unload', device.pci.state().isr, 0, showIsr);
  check('resets-device').equal('interrupt line after unload', device.pci.state().line, 'low');
  await vm.shell.text(setInterrupts(vm.address, true));
  const mark = trace.mark;
  await driver.load();
  check('comes-back').equal('interrupts while it is loaded again', interrupts(trace, mark), 0);
});
