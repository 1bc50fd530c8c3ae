import t from 'tap';
import type { TraceData, TraceEvent } from '../../base/trace-event.js';
import { failed, found, up, write } from '../../testing/cause-events.js';
import { findCauses } from './find-causes.js';

t.test('a range that cannot be reserved without memory is no cause', async (t) => {
  const dmesg = ["virtio-pci-obsd 0000:00:05.0: BAR 0: can't reserve [io  0x1000-0x1fff]"];
  const shell = (command: string): TraceEvent => ({ seq: 1, at: 0, kind: 'shell', command, status: 0 });
  const find = (command: string) =>
    findCauses({ trace: [shell(command)], dmesg, reasons: [`x\n${dmesg[0]}`] });
  t.match(find('echo 0000:00:05.0 >bind'), [{ id: 'range-not-released' }]);
  t.strictSame(find('echo 3 >/proc/self/fail-nth; { echo 0000:00:05.0 >bind; }'), []);
});

t.test('a wait for an absent device', async (t) => {
  const gone = (offset: number): TraceData => ({
    kind: 'bar-read',
    offset,
    width: 1,
    value: 255,
    absent: true,
  });
  const reasons = ['no answer to `unload a b` within 10 s; agent waits in msleep; CPU 0 idle'];
  const reads = (count: number) => Array.from({ length: count }, () => gone(18));
  t.same(found(reads(1000), { reasons }), ['waits-for-absent-device']);
  t.same(found(reads(999), { reasons }), []);
  t.same(found([...reads(1000), gone(19)], { reasons }), [], 'another register');
});

t.test('a count below 0 is no value of a register', async (t) => {
  const gone: TraceData = { kind: 'bar-read', offset: 0, width: 4, value: 0xffffffff, absent: true };
  const leak = failed('leaves-nothing', 'leaked resources', 'none', 'enable count 4294967295');
  t.same(found([gone, leak]), ['device-disabled-too-often']);
});

t.test('a reset that begins with the features', async (t) => {
  const differs = failed('keeps-transcript', 'accesses in remove', 'x', '- write status = 0x0');
  const [clear, reset] = [write(4, 4, 0), write(18, 1, 0)];
  const set = write(18, 1, 7);
  t.same(found([...up, set, clear, reset, differs]), ['reset-in-wrong-order']);
  t.same(found([...up, set, reset, clear, differs]), ['accesses-differ-from-transcript']);
});
