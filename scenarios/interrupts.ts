// A host whose interrupts are delivered once (7.9). And an interrupt that is somebody else's, on a line that is shared.
import { readInterrupt } from '../harness/guest/interrupts.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, interrupts } from '../harness/scenario/traffic.js';
import { functionAddress } from '../harness/scenario/vm.js';

const readIsr = { protocol: 'vfio-user', command: 'REGION_READ', region: 0, offset: 19 } as const;
const quiet = { generation: '7.9', quiet: true, needs: ['PCI_MSI'] } as const;

scenario('interrupts', quiet, async ({ check, vm, device, trace, until }) => {
  const irq = (await readDevice(vm.shell, functionAddress))?.irq ?? -1;
  let mark = trace.mark;
  check.equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  check.equal('acknowledgements', acks(trace, mark), [[3, 'cleared']]);
  check.equal('interrupts for it', interrupts(trace, mark), 1);
  check.equal('the line after it', device.pci.state().line, 'low');
  check.equal('the ISR after it', device.pci.state().isr, 0);
  const own = await readInterrupt(vm.shell, irq);
  check.equal('interrupts that nobody claimed', own.unhandled, 0);

  device.faults.set({ faults: [{ kind: 'value', value: 0, when: readIsr }] });
  mark = trace.mark;
  check.equal('a second SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('fault', mark);
  const foreign = await readInterrupt(vm.shell, irq);
  check.equal('interrupts that the guest counted, the ISR reading 0', foreign.count - own.count, 1);
  check.equal('interrupts that nobody claimed, the ISR reading 0', foreign.unhandled, 1);
  check.equal('acknowledgements of what the ISR does not tell of', acks(trace, mark), []);
});
