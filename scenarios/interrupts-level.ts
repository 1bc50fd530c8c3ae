// A host whose interrupts are levels (8.0): the line is up until the ISR is read. One command is one interrupt.
import { readInterrupt } from '../harness/guest/interrupts.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, acks, interrupts, isTimeRead } from '../harness/scenario/traffic.js';
import { functionAddress } from '../harness/scenario/vm.js';

/** Interrupts for one command that make a storm. */
const storm = 25;

scenario(
  'interrupts-level',
  { generation: '8.0', quiet: true, needs: ['PCI_MSI'] },
  async ({ check, vm, device, driver, trace, until }) => {
    const setsFromDevice = driver.description.syncRtc === 'registers';
    const irq = (await readDevice(vm.shell, functionAddress))?.irq ?? -1;
    for (const time of ['first', 'second']) {
      const before = await readInterrupt(vm.shell, irq);
      const mark = trace.mark;
      check.equal(`${time} SYNCRTC`, device.host.command('SYNCRTC'), 'sent');
      const lowered = await until(
        'interrupt',
        mark,
        ({ line }) => line === 'lower' || interrupts(trace, mark) >= storm,
      );
      check.equal('what became of the line', lowered.line, 'lower');
      if (lowered.line !== 'lower') {
        check.equal('interrupts for one command', interrupts(trace, mark), 1);
        await vm.machine.kill(); // a guest in a storm answers nothing more
        return;
      }
      await until('ack', mark);
      if (setsFromDevice) await until('bar-read', mark, isTimeRead);
      const after = await readInterrupt(vm.shell, irq);
      check.equal('acknowledgements', acks(trace, mark), [[3, 'cleared']]);
      check.equal('interrupts for one command', interrupts(trace, mark), 1);
      check.equal('interrupts that the guest counted', after.count - before.count, 1);
      check.equal('interrupts that nobody claimed', after.unhandled, 0);
      check.equal('accesses: ISR, command, acknowledgement, and the time to set', accesses(trace, mark), [
        'read 19 (1 bytes)',
        'read 20',
        'write 20 = 3',
        ...(setsFromDevice ? ['read 24', 'read 32'] : []),
      ]);
      check.equal('the ISR after it', device.pci.state().isr, 0);
    }
  },
);
