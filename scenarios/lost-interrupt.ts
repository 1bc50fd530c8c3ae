// Some hosts lose an interrupt while the line is masked, and none sends a command twice: the driver has to look by itself.
import { scenario } from '../harness/scenario/scenario.js';
import { acks, interrupts } from '../harness/scenario/traffic.js';
import { functionAddress } from '../harness/scenario/vm.js';

/** The upper byte of the PCI command register, where INTx is turned off; vmd takes no notice of it, QEMU does. */
const setInterrupts = (on: boolean): string =>
  `printf '\\${on ? '000' : '004'}' | dd of=/sys/bus/pci/devices/${functionAddress}/config bs=1 seek=5 count=1 conv=notrunc status=none`;

/** The time that a host gives the guest for an acknowledgement, in microseconds. */
const limit = 3_000_000;

scenario('lost-interrupt', {}, async ({ check, vm, device, driver, trace, until }) => {
  await vm.shell.text(setInterrupts(false));
  for (const time of ['first', 'second']) {
    const mark = trace.mark;
    check.equal(`${time} SYNCRTC`, device.host.command('SYNCRTC'), 'sent');
    const ack = await until('ack', mark);
    const [command] = trace.since(mark, 'command');
    const took = ack.at - (command?.at ?? 0);
    check.that('the look at the command came in time', took < limit, `less than ${limit} us`, took);
    check.equal('acknowledgements', acks(trace, mark), [[3, 'cleared']]);
    const early = trace.since(mark, 'bar-read').filter(({ seq, offset }) => seq < ack.seq && offset === 19);
    check.equal('reads of the ISR before it: nothing told the driver to', early.length, 0);
  }

  check.equal('the ISR, which nobody read', device.pci.state().isr, 2);
  await driver.unload();
  check.equal('the ISR when the driver is gone', device.pci.state().isr, 0);
  check.equal('the line when the driver is gone', device.pci.state().line, 'low');
  await vm.shell.text(setInterrupts(true));
  const mark = trace.mark;
  await driver.load();
  check.equal('interrupts when it is loaded again', interrupts(trace, mark), 0);
});
