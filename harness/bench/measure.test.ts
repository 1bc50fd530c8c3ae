import t from 'tap';
import { kinds } from './kinds.js';
import { measure } from './measure.js';

t.test('each kind of server is started, connected to and measured', async (t) => {
  const { samples } = await measure({ clients: 2, rounds: 1, accesses: 10 });
  for (const kind of kinds) {
    const [sample, ...more] = samples[kind];
    t.strictSame(more, [], `${kind}: the first round is not kept`);
    t.ok(sample !== undefined && sample.perSecond > 0 && sample.rss > 0, kind);
  }
});
