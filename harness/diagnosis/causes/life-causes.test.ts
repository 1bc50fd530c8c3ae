import t from 'tap';
import type { TraceEvent } from '../../base/trace-event.js';
import { findCauses } from './find-causes.js';

t.test('a range that cannot be reserved without memory is no cause', async (t) => {
  const dmesg = ["virtio-pci-obsd 0000:00:05.0: BAR 0: can't reserve [io  0x1000-0x1fff]"];
  const shell = (command: string): TraceEvent => ({ seq: 1, at: 0, kind: 'shell', command, status: 0 });
  const find = (command: string) =>
    findCauses({ trace: [shell(command)], dmesg, reasons: [`x\n${dmesg[0]}`] });
  t.match(find('echo 0000:00:05.0 >bind'), [{ id: 'range-not-released' }]);
  t.strictSame(find('echo 3 >/proc/self/fail-nth; { echo 0000:00:05.0 >bind; }'), []);
});

t.test('an interrupt line that stays off after a resume that failed', async (t) => {
  const reasons = ['no acknowledgement beside an absent function within 10 s'];
  const find = (result: 'ok' | 'not ok') => {
    const what = 'SYNCRTC to a function beside an absent one';
    const check: TraceEvent = { seq: 1, at: 0, kind: 'check', result, what, requirement: 'driver-ok' };
    return findCauses({ trace: [check], dmesg: [], reasons }).map(({ id }) => id);
  };
  t.strictSame(find('ok'), ['line-off-after-failed-resume']);
  t.strictSame(find('not ok'), [], 'it was not even sent');
});
