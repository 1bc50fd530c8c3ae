import t from 'tap';
import { parseBlocked, parseCpus } from './backtraces.js';

/** Output of 6.12, shortened. */
const answer = `[   12.1] sysrq: Show backtrace of all active CPUs
[   12.1] NMI backtrace for cpu 1
[   12.1] CPU: 1 UID: 0 PID: 91 Comm: sh Tainted: G           OE       6.12.0 #1
[   12.1] RIP: 0010:native_queued_spin_lock_slowpath+0x6e/0x2c0
[   12.1] Call Trace:
[   12.1]  <IRQ>
[   12.1]  _raw_spin_lock+0x29/0x30
[   12.1]  ? vmmci_handle_command+0x52/0x140 [virtio_vmmci]
[   12.1]  obsd_interrupt+0x40/0x80 [virtio_pci_obsd]
[   12.1] NMI backtrace for cpu 0 skipped: idling at default_idle+0xb/0x10
[   12.2] sysrq: Show Blocked State
[   12.2] task:modprobe        state:D stack:0     pid:88    tgid:88    ppid:80     flags:0x00004002
[   12.2] Call Trace:
[   12.2]  schedule+0x27/0xf0
[   12.2]  vmmci_probe+0x9c/0x2a0 [virtio_vmmci]
[   12.2] task:kworker/0:1     state:I stack:0     pid:9
[   12.2] sysrq: HELP : loglevel(0-9)`.split('\n');

t.test('parses the function, task and module of each CPU', async (t) => {
  t.strictSame(parseCpus(answer), [
    { cpu: 0, task: undefined, at: undefined, module: undefined },
    {
      cpu: 1,
      task: 'sh',
      at: 'native_queued_spin_lock_slowpath+0x6e/0x2c0',
      module: 'vmmci_handle_command+0x52/0x140 [virtio_vmmci]',
    },
  ]);
});

t.test('parses tasks in uninterruptible sleep', async (t) => {
  t.strictSame(parseBlocked(answer), [{ task: 'modprobe', module: 'vmmci_probe+0x9c/0x2a0 [virtio_vmmci]' }]);
});

t.test('parses the CPU from a panic caused by an NMI', async (t) => {
  const panic = `Kernel panic - not syncing: NMI: Not continuing
CPU: 0 UID: 0 PID: 12 Comm: kworker/u4:1 Not tainted 6.12.0
Call Trace:
 <NMI>
 nmi_panic+0x3c/0x40
 </NMI>
RIP: 0010:vmmci_poll+0x12/0x30 [virtio_vmmci]`.split('\n');
  t.match(parseCpus(panic), [{ cpu: 0, task: 'kworker/u4:1', at: 'vmmci_poll+0x12/0x30 [virtio_vmmci]' }]);
});

t.test('returns nothing for other output', async (t) => {
  t.strictSame(parseCpus(['CPU: x Comm: y', 'NMI backtrace for cpu', '']), []);
  t.strictSame(parseBlocked(['task:']), []);
});
