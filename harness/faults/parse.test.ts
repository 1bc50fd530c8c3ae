import t from 'tap';
import type { Effect } from './fault.js';
import { parseFaultPlan } from './parse.js';

t.test('a plan with all fields is parsed', async (t) => {
  const when = {
    protocol: 'vfio-user',
    command: 'REGION_READ',
    region: 0,
    offset: 32,
    width: 4,
    from: 2,
    times: 1,
    probability: 0.5,
  };
  const samples = {
    delay: { kind: 'delay', ms: 100, when },
    drop: { kind: 'drop' },
    error: { kind: 'error', errno: 5 },
    short: { kind: 'short', bytes: 1, when: {} },
    disconnect: { kind: 'disconnect' },
    ones: { kind: 'ones' },
    value: { kind: 'value', value: 0xffffffff },
    'clock-jump': { kind: 'clock-jump', us: -1_000_000 },
  } satisfies Record<Effect['kind'], object>;
  const faults = Object.values(samples);
  t.same(parseFaultPlan(JSON.parse(JSON.stringify({ seed: 7, faults }))), { seed: 7, faults });
  t.same(parseFaultPlan({ faults: [] }), { faults: [] });
});

t.test('the error for a wrong plan names the field', async (t) => {
  const cases: [unknown, RegExp][] = [
    [undefined, /plan: expected an object, it is missing/],
    [[], /plan: expected an object, got \[\]/],
    [{}, /faults: expected a list, it is missing/],
    [{ faults: {}, seed: 1 }, /faults: expected a list/],
    [{ faults: [], seeds: 1 }, /seeds: there is no such field; valid: seed, faults$/],
    [{ faults: [], seed: -1 }, /seed: expected an integer from 0 to 4294967295, got -1/],
    [{ faults: [1] }, /faults\[0\]: expected an object, got 1/],
    [
      { faults: [{ kind: 'drop' }, { kind: 'dorp' }] },
      /faults\[1\]\.kind: expected one of delay, .*got "dorp"/,
    ],
    [{ faults: [{ kind: 'delay' }] }, /faults\[0\]\.ms: expected an integer .*missing/],
    [{ faults: [{ kind: 'delay', ms: 1.5 }] }, /faults\[0\]\.ms/],
    [
      { faults: [{ kind: 'delay', ms: 1, us: 1 }] },
      /faults\[0\]\.us: there is no such field; valid: kind, ms, when$/,
    ],
    [{ faults: [{ kind: 'drop', ms: 1 }] }, /faults\[0\]\.ms: there is no such field; valid: kind, when$/],
    [{ faults: [{ kind: 'error', errno: 0 }] }, /errno: .* from 1 to 4095, got 0/],
    [{ faults: [{ kind: 'value', value: 2 ** 32 }] }, /value/],
    [{ faults: [{ kind: 'drop', when: 1 }] }, /faults\[0\]\.when: expected an object/],
    [
      { faults: [{ kind: 'drop', when: { offest: 1 } }] },
      /when\.offest: there is no such field; valid: protocol, /,
    ],
    [
      { faults: [{ kind: 'drop', when: { protocol: 'tcp' } }] },
      /when\.protocol: expected "vfio-user" or "vhost-user"/,
    ],
    [{ faults: [{ kind: 'drop', when: { command: 'read' } }] }, /when\.command: expected the name/],
    [{ faults: [{ kind: 'drop', when: { region: 9 } }] }, /when\.region/],
    [{ faults: [{ kind: 'drop', when: { from: 0 } }] }, /when\.from/],
    [{ faults: [{ kind: 'drop', when: { probability: 1.1 } }] }, /when\.probability/],
  ];
  for (const [plan, message] of cases)
    t.throws(() => parseFaultPlan(plan), { code: 'FAULT_PLAN', message }, JSON.stringify(plan));
});
