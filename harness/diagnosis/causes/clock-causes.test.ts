import t from 'tap';
import { failed, found } from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';

t.test(
  'tells a reading that shows the sample of another one from a sample for several readings',
  async (t) => {
    const few = failed('shows-host-time', checkNames.distinctReadings, '200', '197');
    const sampled = {
      kind: 'check',
      result: 'ok',
      requirement: 'shows-host-time',
      what: checkNames.samplesUnread,
    } as const;
    t.same(found([few, sampled]), ['sample-overwritten']);
    t.same(found([few, failed('shows-host-time', checkNames.samplesUnread, '0', '-3')]), ['sample-shared']);
    t.same(found([few]), [], 'nobody has counted the samples');
  },
);
