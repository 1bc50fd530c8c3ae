import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found } from '../../testing/cause-events.js';
import { checkNames, untimedSync } from '../check-names.js';

t.test('a SYNCRTC that goes on after an error', async (t) => {
  const without = `${checkNames.eventsLogged}: ${untimedSync}`;
  const logs = (what: string, expected: string, seen: string): TraceData =>
    failed('says-what-happens', what, expected, seen);
  const missing = logs(`${checkNames.eventsLogged}: SYNCRTC`, 'SYNCRTC, set', 'SYNCRTC');
  t.same(found([logs(without, 'SYNCRTC, unreadable', 'SYNCRTC, unset')]), ['sync-error-ignored']);
  t.same(found([logs(without, 'SYNCRTC, unreadable', 'SYNCRTC, set'), missing]), ['sync-error-ignored']);
  t.same(found([logs(without, 'SYNCRTC, unreadable', 'SYNCRTC, unreadable, unset')]), ['sync-error-ignored']);
  t.same(found([logs(without, 'SYNCRTC, unreadable', 'SYNCRTC'), missing]), ['event-not-logged']);
});
