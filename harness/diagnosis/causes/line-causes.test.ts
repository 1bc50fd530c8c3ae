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

t.test('tells a level without effect from one at which lines are missing', async (t) => {
  const lines = (what: string, seen: string) =>
    failed('quiet-log', `lines about ${what}`, seen === '0' ? '1' : '0', seen);
  const acknowledged = [
    lines('an acknowledgement at debug 1', '0'),
    lines('an acknowledgement at debug 2', '0'),
  ];
  t.same(found([...acknowledged, lines('a reading at debug 2', '0')]), ['log-level-without-effect']);
  t.same(found(acknowledged), ['log-level-not-kept']);
});
