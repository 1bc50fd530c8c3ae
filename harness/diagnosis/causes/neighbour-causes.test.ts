import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found, loaded, raise, read, send, trace } from '../../testing/cause-events.js';

const passed = (what: string): TraceData => ({ kind: 'check', result: 'ok', what, requirement: 'driver-ok' });

t.test('an interrupt line that stays off after a resume that failed', async (t) => {
  const reasons = ['no first acknowledgement beside an absent function within 10 s'];
  const what = 'first SYNCRTC to a function beside an absent one';
  t.same(found([passed(what)], { reasons }), ['line-off-after-failed-resume']);
  t.same(found([], { reasons }), [], 'it was not even sent');
});

t.test('a handler that disables the line of an absent device', async (t) => {
  const reasons = ['no second acknowledgement beside an absent function within 10 s'];
  const once = [send('SYNCRTC'), raise, read(19, 1, 2), read(20, 4, 3), send('SYNCRTC'), raise];
  const find = (second: readonly (TraceData | number)[]) =>
    found([loaded], { reasons, second: trace(second) });
  t.same(find([...once, 2000, loaded]), ['absent-device-disables-line']);
  t.same(find([...once, read(19, 1, 2)]), [], 'the handler runs');
  t.same(find(once.slice(0, -1)), [], 'there was no interrupt');
});

t.test('tells a line that remove has disabled from state that it has changed', async (t) => {
  const reasons = ['no acknowledgement by the second, alone within 10 s; CPU 0 idle'];
  const unbind: TraceData = { kind: 'shell', command: 'echo x >/sys/y/unbind', status: 0 };
  const first = [passed('requests to go down after the second'), unbind];
  const find = (...second: TraceData[]) =>
    found(first, { reasons, second: trace([10, send('SYNCRTC'), raise, ...second]) });
  t.same(find(), ['line-disabled-on-remove']);
  t.same(find(read(19, 1, 2)), ['state-shared-by-devices']);
});

t.test('a mismatch of the interrupt of the timer', async (t) => {
  const line = (irq: number) => [`genirq: Flags mismatch irq ${irq}. 00000080 (a) vs. 00015a00 (timer)`];
  const unmet = failed('binds-function');
  t.same(found([unmet], { dmesg: line(0) }), ['interrupt-of-timer-requested']);
  t.same(found([unmet], { dmesg: line(10) }), ['line-not-shared']);
});
