import fc from 'fast-check';
import t from 'tap';
import { integer } from '../base/schema.js';
import { Trace } from '../base/trace.js';
import { clockHolder, frozen } from '../vmmci/clock.js';
import { Vmmci } from '../vmmci/device.js';
import { generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { handle, handleLine, method } from './control.js';
import { controlMethods, functionMethods } from './control-methods.js';
import { Host } from './host.js';

const START = 1_551_506_221_123_456n;

const make = (withFunction = true) => {
  const scheduler = new VirtualScheduler();
  const trace = new Trace({ now: () => BigInt(scheduler.now()) * 1_000_000n });
  const clock = clockHolder(frozen(START));
  const shared = { generation: generations['8.0'], scheduler, clock, trace: trace.sink };
  const device = new Vmmci(shared);
  const host = new Host({ ...shared, device });
  const methods = controlMethods({
    device,
    host,
    clock,
    trace,
    hostNow: () => START + BigInt(scheduler.now()) * 1000n,
    ...(withFunction && { function: () => ({ isr: 2, line: 'high', interrupts: 1 }) as const }),
  });
  const call = (name: string, params?: object): Promise<unknown> =>
    handle({ id: 7, method: name, ...(params && { params }) }, methods);
  return { scheduler, device, host, methods, call, clock };
};

t.test('without a function, its fields are null', async (t) => {
  const { call } = make(false);
  // t.match() would accept missing fields as null.
  const { result } = (await call('state')) as { result: Readonly<Record<string, unknown>> };
  t.same([result.command, result.isr, result.line, result.interrupts], ['NONE', null, null, null]);
  t.ok('isr' in result);
});

t.test('state returns all fields', async (t) => {
  const { call, device, scheduler } = make();
  device.setGuestFeatures(7n);
  device.driverUp();
  t.match(await call('state'), { id: 7, result: { lastSample: null, timers: [], command: 'NONE' } });
  device.readConfig(4, 4);
  await call('stop');
  scheduler.advance(130);
  t.same(await call('state'), {
    id: 7,
    result: {
      command: 'REBOOT',
      status: 4,
      guestFeatures: 7,
      hostFeatures: 7,
      timers: [{ name: 'ack', remainingMs: 2870 }],
      acks: 0,
      configChanges: 1,
      isr: 2,
      line: 'high',
      interrupts: 1,
      stopping: true,
      paused: false,
      kill: null,
      lastSample: '2019-03-02T05:57:01.123456Z',
      clock: 'frozen:2019-03-02T05:57:01.123456Z',
    },
  });
});

t.test('command sends a command to the guest', async (t) => {
  const { call, device } = make();
  t.same(await call('command', { name: 'SYNCRTC' }), { id: 7, result: { result: 'no-driver' } });
  device.driverUp();
  t.same(await call('command', { name: 'SHUTDOWN' }), { id: 7, result: { result: 'sent' } });
  t.match(await call('command', { name: 'NONE' }), {
    error: {
      code: 'CONTROL_PARAMS',
      message: 'command: name: expected one of SHUTDOWN, REBOOT, SYNCRTC, got "NONE"',
    },
  });
});

t.test('clock sets the clock, and the watch sees the jump', async (t) => {
  const { call, device, scheduler } = make();
  device.setGuestFeatures(4n);
  device.driverUp();
  t.same(await call('clock', { spec: 'running:2038-01-19T03:14:08Z' }), {
    id: 7,
    result: { clock: 'running:2038-01-19T03:14:08.000000Z' },
  });
  t.equal(device.readConfig(4, 4).readUInt32LE(), 0x80000000);
  scheduler.advance(1_000);
  t.equal(device.state().command, 'SYNCRTC');
  t.match(await call('clock', { spec: 'frozen:2026-02-30T00:00:00Z' }), {
    error: { code: 'CLOCK_SPEC', message: /^clock: .*not a date that exists; valid: frozen:/ },
  });
});

t.test('stop, a forced stop, and a refused second stop', async (t) => {
  const { call, device } = make();
  device.driverUp();
  t.match(await call('stop'), { result: { result: 'sent' } });
  t.match(await call('stop'), { error: { code: 'STOP_IN_PROGRESS' } });
  t.match(await call('stop', { force: true }), { result: { result: 'killed' } });
  t.match(await call('state'), { result: { kill: { reason: 'forced-stop', outcome: 'SIGTERM' } } });
});

t.test('pause and unpause return the new state', async (t) => {
  const { call } = make();
  t.match(await call('pause'), { result: { paused: true } });
  t.match(await call('unpause'), { result: { paused: false } });
});

t.test('trace returns all events, or pages of them', async (t) => {
  const { call, device } = make();
  device.setStatus(1);
  device.setStatus(3);
  device.setGuestFeatures(7n);
  const status = (seq: number, value: number): object => ({ seq, at: 0, kind: 'status', value });
  t.match(await call('trace', { kind: 'status' }), {
    result: { events: [status(0, 1), status(1, 3)], next: 3, more: false },
  });
  t.match(await call('trace', { limit: 1 }), { result: { events: [status(0, 1)], next: 1, more: true } });
  t.match(await call('trace', { since: 1, limit: 2 }), {
    result: { events: [status(1, 3), { kind: 'features' }], next: 3, more: false },
  });
  t.match(await call('trace', { since: 3 }), { result: { events: [], next: 3, more: false } });
  t.match(await call('trace', { limit: 0 }), { error: { code: 'CONTROL_PARAMS' } });
});

t.test('without a local device there are state and trace', async (t) => {
  const trace = new Trace();
  trace.sink({ kind: 'reset' });
  const state = { isr: 0, line: 'low', interrupts: 3 } as const;
  const methods = functionMethods({ trace, function: () => state });
  const elsewhere = { command: null, timers: null, acks: null, lastSample: null, clock: null };
  t.same(await handle({ id: 1, method: 'state' }, methods), { id: 1, result: { ...elsewhere, ...state } });
  t.match(await handle({ id: 2, method: 'trace' }, methods), {
    result: { events: [{ kind: 'reset' }], next: 1 },
  });
  t.match(await handle({ id: 3, method: 'stop' }, methods), { error: { code: 'CONTROL_METHOD' } });
});

t.test('a table with more rows has more methods', async (t) => {
  const { methods } = make();
  const more = {
    ...methods,
    double: method({ params: { of: integer(0, 10) }, run: async ({ of }) => 2 * of }),
    nothing: method({ params: {}, run: () => undefined }),
    defect: method({
      params: {},
      run: () => {
        throw new TypeError('x is not a function');
      },
    }),
  };
  t.same(await handle({ id: 'a', method: 'double', params: { of: 4 } }, more), { id: 'a', result: 8 });
  t.strictSame(await handle({ method: 'nothing' }, more), { id: null, result: null });
  t.same(await handle({ id: 1, method: 'defect' }, more), {
    id: 1,
    error: { code: 'CONTROL_FAILED', message: 'defect failed: TypeError: x is not a function' },
  });
});

for (const [line, code, message] of [
  ['', 'CONTROL_REQUEST', /JSON/],
  ['{"id":1', 'CONTROL_REQUEST', /JSON/],
  ['[]', 'CONTROL_REQUEST', /not a JSON object/],
  ['null', 'CONTROL_REQUEST', /not a JSON object/],
  ['"state"', 'CONTROL_REQUEST', /not a JSON object/],
  ['{"id":1}', 'CONTROL_REQUEST', /'method' is not a string/],
  ['{"id":[1],"method":"state"}', 'CONTROL_REQUEST', /'id' is neither/],
  ['{"method":"state","params":[]}', 'CONTROL_REQUEST', /'params' is not an object/],
  ['{"method":"state","params":null}', 'CONTROL_REQUEST', /'params' is not an object/],
  [
    '{"method":"state","parameters":{}}',
    'CONTROL_REQUEST',
    /no member 'parameters'; valid: id, method, params/,
  ],
  [
    '{"method":"reboot"}',
    'CONTROL_METHOD',
    /'reboot'; valid: state, command, clock, stop, stop-service, pause, unpause, trace/,
  ],
  ['{"method":"constructor"}', 'CONTROL_METHOD', /'constructor'/],
  [
    '{"method":"state","params":{"__proto__":1}}',
    'CONTROL_PARAMS',
    /__proto__: there is no such field; valid: none/,
  ],
] as const) {
  t.test(`refuses ${line || 'an empty line'}`, async (t) => {
    const { methods } = make();
    t.match(JSON.parse(await handleLine(line, methods)), { error: { code, message } });
  });
}

t.test('any input is answered by one line with a result or an error', async () => {
  const { methods } = make();
  const request = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({
        id: fc.jsonValue(),
        method: fc.oneof(fc.constantFrom(...Object.keys(methods)), fc.string()),
        params: fc.oneof(
          fc.dictionary(fc.constantFrom('name', 'spec', 'force', 'since'), fc.jsonValue()),
          fc.jsonValue(),
        ),
      })
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(request, async (line) => {
      const reply = await handleLine(line, methods);
      if (reply.indexOf('\n') !== reply.length - 1) throw new Error('not one line');
      const fields = Object.keys(JSON.parse(reply) as object);
      if (!fields.includes('id') || fields.includes('result') === fields.includes('error'))
        throw new Error(reply);
    }),
    { seed: 1, numRuns: 500 },
  );
});
