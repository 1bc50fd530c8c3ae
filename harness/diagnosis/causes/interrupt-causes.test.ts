import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found, handled, raise, read, send, up } from '../../testing/cause-events.js';

t.test('a storm of interrupts is enough to see that the ISR is never read', async (t) => {
  const reasons = ['livelock: 300 interrupts within 1 s (300 per second), without a read of the ISR, which'];
  t.same(found([...up, send('REBOOT'), raise, raise, raise], { reasons }), ['isr-never-read']);
});

t.test('never to read the command is not only never to poll it', async (t) => {
  const sample = read(24, 4, 1);
  t.same(found([...up, send('REBOOT'), sample, 10_000, failed('looks-unasked')]), ['never-looks-unasked']);
  t.same(found([...up, send('REBOOT'), raise, sample, 10_000, failed('looks-unasked')]), []);
});

t.test('a handler that reads nothing is seen by the line that it logs again and again', async (t) => {
  const reasons = ['livelock: 1000 repeated lines of the kernel log within 1 s (1000 per second)'];
  const line: TraceData = { kind: 'console', line: '[    1.5] mine: interrupt' };
  const storm = [...up, send('REBOOT'), raise, line, line];
  t.same(found(storm, { reasons }), ['handler-reads-nothing']);
  const sampled = [...up, send('REBOOT'), raise, 150, read(24, 4, 1), line, line];
  t.same(found(sampled, { reasons }), ['handler-reads-nothing'], 'other work has read the time meanwhile');
  t.same(found([...up, send('REBOOT'), raise, read(20, 4, 2), line, line], { reasons }), ['isr-never-read']);
  t.same(found([...up, send('REBOOT'), raise, 1000, line, line], { reasons }), [], 'not right after it');
  t.same(found([...up, send('REBOOT'), line, line], { reasons }), [], 'without an interrupt');
});

t.test('an interrupt after the driver is gone is not its fault', async (t) => {
  const gone = (command: string): TraceData => ({ kind: 'shell', command, status: 0 });
  const after = [send('SYNCRTC'), raise, 10_000, failed('drops-driver-ok')];
  t.same(found([...up, ...after]), ['interrupt-has-no-handler']);
  for (const command of ['unload b a', 'echo 0000:00:05.0 >/sys/bus/pci/drivers/a/unbind'])
    t.same(found([...up, gone(command), ...after]), [], command);
  const refused: TraceData = { kind: 'shell', command: 'unload b a', status: 1 };
  t.same(found([...up, refused, ...after]), ['interrupt-has-no-handler'], 'it is still there');
});

t.test('a handler that runs once', async (t) => {
  const first = [...up, send('REBOOT'), ...handled];
  const again = [send('SYNCRTC'), raise, 10_000, failed('looks-unasked')];
  const reason = (state: string) => ({ reasons: [`no 'ack' in the trace within 9 s; ${state}; x`] });
  t.same(found([...first, ...again], reason('CPU 0 idle')), ['interrupt-line-stays-disabled']);
  t.notMatch(
    found([...first, ...again], reason('CPU 0 in delay_tsc, called by mine [mine]')),
    ['interrupt-line-stays-disabled'],
    'it may wait for a lock',
  );
  const asleep: TraceData = { kind: 'shell', command: 'echo disk >/sys/power/state', status: 0 };
  t.same(found([...first, send('SYNCRTC'), raise, asleep, 10_000, failed('acknowledges')]), []);
});

t.test('a guest that is busy has a handler', async (t) => {
  const lost = [...up, send('REBOOT'), raise, 10_000, failed('looks-unasked')];
  const reason = (state: string) => ({ reasons: [`no 'ack' in the trace within 9 s; ${state}; x`] });
  t.same(found(lost, reason('CPU 0 idle')), ['interrupt-has-no-handler']);
  t.same(found(lost, reason('CPU 0 in delay_tsc, called by mine [mine]')), ['guest-stalls']);
});

t.test('a wide read of the status is one of the ISR if nothing else reads the ISR', async (t) => {
  const unmet = failed('register-widths');
  t.same(found([read(18, 2, 7), unmet]), ['isr-read-wide']);
  t.same(found([read(18, 2, 7), read(19, 1, 0), unmet]), ['header-width-wrong']);
});
