import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { found, read, up, write } from '../../testing/cause-events.js';

const oops = (headline: string, at: string, caller: string): string[] => [
  `[   14.112274] ${headline}`,
  '[   14.170383] Oops: Oops: 0000 [#1] PREEMPT SMP PTI',
  `[   14.170383] RIP: 0010:${at}`,
  '[   14.239565] Call Trace:',
  '[   14.240437]  <TASK>',
  `[   14.247452]  ${caller}`,
  '[   14.315792]  </TASK>',
];
const shell = (command: string): TraceData => ({ kind: 'shell', command, status: 0 });
const inCore = 'ptp_clock_unregister+0xb/0xd0';
const caller = 'vmmci_remove+0x1d/0x70 [virtio_vmmci]';

t.test('the result of a call that has failed is used', async (t) => {
  const failing = shell('load failing_call call=ptp_clock_register caller=[virtio_vmmci] nth=1 value=-12');
  const before = shell('unload failing_call');
  const nearError = oops('BUG: kernel NULL pointer dereference, address: 0000000000000524', inCore, caller);
  const names = (items: TraceData[], dmesg: string[]) => found(items, { dmesg });
  t.same(names([before, failing], nearError), ['failed-call-ignored']);
  t.same(
    names(
      [before, failing],
      oops('BUG: unable to handle page fault for address: fffffffffffffff4', inCore, caller),
    ),
    ['failed-call-ignored'],
  );
  t.same(names([failing], nearError), ['crash-below-driver'], 'it may crash whatever fails');
  const wild = oops('BUG: unable to handle page fault for address: 00000003c022d110', inCore, caller);
  t.same(names([before, failing], wild), ['crash-below-driver'], 'no error pointer');
  t.same(names([before], nearError), ['crash-below-driver'], 'no call has failed');
});

t.test('an unknown command is used as an index', async (t) => {
  const wild = oops(
    'BUG: unable to handle page fault for address: 00000003c022d110',
    'vmmci_handle_command.cold+0xa0/0x133 [virtio_vmmci]',
    'vmmci_config_changed+0x1d/0x70 [virtio_vmmci]',
  );
  const after = (value: number) => found([...up, read(20, 4, value)], { dmesg: wild });
  t.same(after(0x8000_0002), ['unknown-command-crashes']);
  t.same(found([...up, read(20, 4, 9), write(20, 4, 9)], { dmesg: wild }), ['unknown-command-crashes']);
  t.same(after(3), ['crash-in-driver']);
  t.same(after(0), ['crash-in-driver']);
  t.same(found([...up, read(20, 4, 0x8000_0002), read(20, 4, 3)], { dmesg: wild }), ['crash-in-driver']);
});
