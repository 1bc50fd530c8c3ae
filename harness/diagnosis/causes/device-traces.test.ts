import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, handled, raise, read, send, trace, up, write } from '../../testing/cause-events.js';
import { findCauses } from './find-causes.js';

t.test('finds a cause in the trace of the second device, and says so', async (t) => {
  const right = [...up, send('REBOOT'), ...handled];
  const storm = [...up, send('REBOOT'), raise, read(20, 4, 2), write(20, 4, 2), raise, raise];
  const of = (first: readonly TraceData[], second?: readonly TraceData[]) =>
    findCauses({
      trace: trace(first),
      second: second === undefined ? undefined : trace(second),
      dmesg: [],
      reasons: ['livelock: 300 interrupts within 9 ms, without a read of the ISR'],
    });
  t.strictSame(of(right, right), []);
  t.match(of(storm, right), [{ id: 'isr-never-read', evidence: [/^#\d/] }]);
  const [cause, ...more] = of(right, storm);
  t.equal(cause?.id, 'isr-never-read');
  t.ok(cause?.evidence.length);
  for (const line of cause?.evidence ?? []) t.match(line, /^device 2 #\d+ /);
  t.strictSame(more, []);
});

t.test('a check about the second device is evidence beside the events of its trace', async (t) => {
  const late = failed('acknowledges-in-time');
  const second = [...up, send('REBOOT'), raise, read(19, 1, 2), read(20, 4, 2), 5000, write(20, 4, 2)];
  const [cause] = findCauses({
    trace: trace([...up, 9000, late]),
    second: trace(second),
    dmesg: [],
    reasons: [],
  });
  t.equal(cause?.id, 'acknowledged-late');
  t.match(cause?.evidence, [/^device 2 #6 .* host asks for REBOOT/]);
});
